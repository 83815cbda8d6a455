"""Where shards begin again when an operator seeks: decided from leases, shards and the times of records."""

from __future__ import annotations

import pytest

from record_processor.errors import SetupError
from record_processor.fleet import seek_plan
from record_processor.fleet.kcl_state import Lease
from record_processor.fleet.lineage import Lineage, StreamShard
from record_processor.fleet.seek_plan import BEGINNING, Place, Times
from tests.unit.fleet.builders import FAMILY, LEFT, NOW, PARENT, RIGHT, lease, lineage

DONE = lease(PARENT, "SHARD_END")
GRANDCHILD = StreamShard("s-4", "s-2")
EARLY, MIDDLE, LATE = NOW - 3000, NOW - 2000, NOW - 1000


def moved(
    found: Lineage, at: float | None, *created: float | None, reopens: bool = True, left: dict[str, float] | None = None
) -> dict[str, Place]:
    """What begins where; `created` is when the oldest record of each shard was created."""
    oldest = dict(zip((shard.shard_id for shard in found.shards), created, strict=True))
    moves = seek_plan.everywhere(found, Times(oldest, left or {}), at, reopens=reopens)
    return {move.shard.shard_id: move.place for move in moves}


def test_with_the_oldest_records_everything_begins_again_and_children_are_written_before_their_parents() -> None:
    found = moved(lineage([DONE, lease(LEFT), lease(RIGHT)]), None, EARLY, MIDDLE, None)
    assert found == {"s-2": BEGINNING, "s-3": BEGINNING, "s-1": BEGINNING}
    assert [*found][-1] == "s-1"


def test_a_parent_whose_lease_is_deleted_is_opened_again_and_one_without_records_is_not() -> None:
    leases = [lease(LEFT), lease(RIGHT)]
    moves = seek_plan.everywhere(lineage(leases), Times({"s-1": EARLY, "s-2": MIDDLE, "s-3": MIDDLE}, {}), None)
    (parent,) = [move for move in moves if move.shard is PARENT]
    assert (parent.was, parent.was_done) == (None, True)
    assert "s-1" not in moved(lineage(leases), None, None, MIDDLE, MIDDLE)


def test_a_time_in_an_ended_parent_opens_it_and_all_of_its_children_begin_anew() -> None:
    found = moved(lineage([DONE, lease(LEFT), lease(RIGHT)]), MIDDLE, EARLY, LATE, None)
    assert found == {"s-2": BEGINNING, "s-3": BEGINNING, "s-1": Place("LATEST", int(MIDDLE * 1000))}


def test_a_time_after_an_ended_parent_leaves_it_alone() -> None:
    found = moved(lineage([DONE, lease(LEFT), lease(RIGHT)]), LATE, EARLY, MIDDLE, NOW)
    assert found == {"s-2": Place("LATEST", int(LATE * 1000)), "s-3": BEGINNING}


def test_of_a_parent_that_is_opened_all_descendants_begin_again_whatever_their_age() -> None:
    shards = (*FAMILY[:1], StreamShard("s-2", "s-1", is_closed=True), RIGHT, GRANDCHILD)
    leases = [DONE, lease(LEFT, "SHARD_END"), lease(RIGHT), lease(GRANDCHILD)]
    found = moved(lineage(leases, shards), MIDDLE, EARLY, None, None, LATE)
    assert found["s-4"] == found["s-2"] == found["s-3"] == BEGINNING
    assert next(iter(found)) == "s-4"
    assert [*found][-1] == "s-1"


def test_to_skip_everything_opens_nothing_that_is_done() -> None:
    found = moved(lineage([DONE, lease(LEFT), lease(RIGHT)]), NOW, EARLY, LATE, None, reopens=False)
    now = Place("LATEST", int(NOW * 1000))
    assert found == {"s-2": now, "s-3": now}


@pytest.mark.parametrize(
    ("owner", "checkpoint", "is_moved"),
    [(None, "TRIM_HORIZON", False), ("me", "TRIM_HORIZON", True), (None, "100", True)],
)
def test_a_shard_that_nobody_has_begun_stays_and_one_that_somebody_may_be_beginning_does_not(
    owner: str | None, checkpoint: str, is_moved: bool
) -> None:
    open_shard = StreamShard("s-9")
    found = moved(lineage([Lease("s-9", checkpoint, owner)], (open_shard,)), EARLY, LATE)
    assert found == ({"s-9": BEGINNING} if is_moved else {})


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (Lease("s-9", "100", "me"), {"s-9": Place("100")}),
        (Lease("s-9", "TRIM_HORIZON", "me"), {"s-9": BEGINNING}),
        (Lease("s-9", "TRIM_HORIZON"), {}),
        (Lease("s-9", "LATEST", "me", 1000), {"s-9": Place("LATEST", 1000)}),
        (None, {}),
    ],
)
def test_a_shard_that_is_behind_a_time_begins_at_its_checkpoint_and_skips_nothing(
    one: Lease | None, expected: dict[str, Place]
) -> None:
    """At that which the plan was made with: a later one would leave out some of what is asked for."""
    found = lineage([one] if one is not None else [], (StreamShard("s-9"),))
    assert moved(found, LATE, EARLY, left={"s-9": MIDDLE}) == expected
    if one is not None:
        assert moved(found, LATE, EARLY, left={"s-9": NOW}) == {"s-9": Place("LATEST", int(LATE * 1000))}


@pytest.mark.parametrize(
    ("checkpoint", "number", "expected"),
    [("100", "99", False), ("100", "100", False), ("100", "101", True), ("TRIM_HORIZON", "1", True), (None, "1", True)],
)
def test_a_record_behind_what_is_done_would_skip_what_is_between(
    checkpoint: str | None, number: str, expected: bool
) -> None:
    leases = [] if checkpoint is None else [Lease("s-9", checkpoint)]
    found = lineage(leases, (StreamShard("s-9"),))
    assert seek_plan.is_ahead(found, found.shards[0], Place(number)) is expected
    assert not seek_plan.is_ahead(found, found.shards[0], BEGINNING)
    assert not seek_plan.is_ahead(lineage([DONE]), PARENT, Place(number))


def test_a_time_is_the_beginning_of_its_second_as_records_have_whole_seconds() -> None:
    assert Place.at_time(1_800_000_000.987) == Place("LATEST", 1_800_000_000_000)


def test_one_shard_moves_alone_unless_it_had_ended() -> None:
    found = lineage([DONE, lease(LEFT), lease(RIGHT)])
    assert [move.shard for move in seek_plan.one(found, LEFT, Place("7"))] == [LEFT]
    moves = seek_plan.one(found, PARENT, Place("7"))
    assert [(move.shard, move.place) for move in moves] == [(LEFT, BEGINNING), (RIGHT, BEGINNING), (PARENT, Place("7"))]


def test_a_shard_begins_with_the_record_that_is_named_which_is_after_the_one_before() -> None:
    numbers = ["0100", "0105", "0190"]
    assert seek_plan.before(numbers, "190", "s") == "0105"
    assert seek_plan.before(numbers, "0100", "s") is None


@pytest.mark.parametrize("wanted", ["99", "104", "191"])
def test_a_number_that_no_record_has_is_refused_with_the_oldest(wanted: str) -> None:
    with pytest.raises(SetupError, match=f"--to {wanted}: shard s has no record .* its oldest record is 0100"):
        seek_plan.before(["0100", "0105", "0190"], wanted, "s")
    with pytest.raises(SetupError, match="it has no records"):
        seek_plan.before([], wanted, "s")
