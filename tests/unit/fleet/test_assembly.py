"""What a shard's state and lag are, from leases, the stream and the workers' reports."""

from __future__ import annotations

from typing import Any

import pytest

from record_processor.delivery.blocks import Block
from record_processor.delivery.orders import Orders, Pause, Scope
from record_processor.fleet import lags
from record_processor.fleet.kcl_state import Lease
from record_processor.fleet.lineage import StreamShard
from record_processor.fleet.model import ActionTotals, Basis, State
from record_processor.fleet.oldest_records import Oldest, Position
from record_processor.fleet.worker_report import ShardFigures
from tests.builders import ARN, STREAM
from tests.unit.fleet.builders import FAMILY, LEFT, NOW, PARENT, RIGHT, figures, found, lease, lineage, one_of, report

BLOCK = Block("pay", "it is down", "101", since=NOW - 20, attempts=3, next_try=NOW + 4)


def state(*leases: Lease, **facts: Any) -> State:
    return one_of(found(*leases, **facts), LEFT).state


DONE = lease(PARENT, "SHARD_END")


@pytest.mark.parametrize(
    ("leases", "expected"),
    [
        ([DONE, lease(LEFT)], State.READING),
        ([DONE, lease(LEFT, "SHARD_END")], State.ENDED),
        ([lease(PARENT), lease(LEFT, "TRIM_HORIZON")], State.WAITING),
        ([lease(PARENT)], State.WAITING),  # the child's lease is not there yet
        ([DONE, lease(LEFT, owner=None)], State.UNOWNED),
        ([DONE], State.UNOWNED),
        ([lease(LEFT)], State.READING),  # KCL has deleted the lease of the ended parent
        ([], State.WAITING),  # nothing has been read yet
    ],
)
def test_the_state_of_a_shard_follows_from_the_leases_alone(leases: list[Lease], expected: State) -> None:
    assert state(*leases) is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, State.READING),
        ({"blocks": [BLOCK]}, State.BLOCKED),
        ({"blocks": [BLOCK], "pending": 1, "is_paused": True}, State.PAUSED),
        ({"blocks": [BLOCK], "is_late": True}, State.LATE),
    ],
)
def test_the_owners_report_says_what_the_leases_cannot(values: dict[str, Any], expected: State) -> None:
    assert state(DONE, lease(LEFT), reports=(report(figures(**values)),)) is expected


def test_a_shard_that_its_owner_does_not_report_yet_is_starting() -> None:
    assert state(DONE, lease(LEFT), reports=(report(figures(RIGHT)),)) is State.STARTING


def test_a_shard_whose_owner_has_been_silent_for_longer_than_a_lease_lasts_is_late() -> None:
    assert state(DONE, lease(LEFT), seen={"me": NOW - 11}) is State.LATE
    assert state(DONE, lease(LEFT), seen={"me": NOW - 9}) is State.READING


def test_a_report_that_is_too_old_says_nothing() -> None:
    old = report(figures(blocks=[BLOCK]), at=NOW - 31)
    shard = one_of(found(DONE, lease(LEFT), reports=(old,), seen={"me": NOW}), LEFT)
    assert (shard.state, shard.blocks, shard.lag.basis) == (State.READING, [], Basis.CHECKPOINT)


def test_a_report_of_a_worker_that_no_longer_has_the_lease_says_nothing() -> None:
    gone = report(figures(blocks=[BLOCK]), worker_id="other")
    assert state(DONE, lease(LEFT), reports=(gone,)) is State.READING


def test_a_closed_shard_without_a_lease_is_ended_only_if_a_descendant_of_it_has_one() -> None:
    grandchild = StreamShard("s-4", "s-2")
    application = found(lease(grandchild), shards=(*FAMILY, grandchild))
    assert [one.state for one in application.shards] == [State.ENDED, State.ENDED, State.UNOWNED, State.READING]


def position(leases: list[Lease], shard: StreamShard = LEFT, at_latest: bool = False, **values: Any) -> Position | None:
    said = figures(shard, **values) if values else None
    return lags.position_of(lineage(leases), shard, said, at_latest)


def test_the_oldest_record_that_is_not_done_follows_the_checkpoint_or_what_the_owner_has_done_since() -> None:
    assert position([DONE, lease(LEFT, "100")]) == Position(ARN, "s-2", "100")
    assert position([DONE, lease(LEFT, "100")], done_up_to="99") == Position(ARN, "s-2", "100")
    assert position([DONE, lease(LEFT, "99")], done_up_to="100") == Position(ARN, "s-2", "100")
    assert position([DONE, lease(LEFT, "TRIM_HORIZON")]) == Position(ARN, "s-2")
    assert position([DONE, lease(LEFT, "TRIM_HORIZON")], done_up_to="7") == Position(ARN, "s-2", "7")


def test_an_ended_parent_that_is_not_done_is_asked_and_so_are_children_that_wait_for_it() -> None:
    assert position([lease(PARENT, "5")], PARENT) == Position(ARN, "s-1", "5", is_closed=True)
    assert position([lease(PARENT, "5")], LEFT) == Position(ARN, "s-2")


def test_a_shard_that_is_done_is_not_asked_nor_one_whose_owner_knows_its_oldest_record() -> None:
    assert position([DONE], PARENT) is None
    assert position([lease(LEFT)], PARENT) is None
    assert position([DONE, lease(LEFT)], done_up_to="1", oldest_at=NOW - 3) is None


def test_a_stream_that_is_begun_at_latest_has_nothing_to_do_before_it_is_begun() -> None:
    assert position([], PARENT, at_latest=True) is None
    assert position([], PARENT) == Position(ARN, "s-1", is_closed=True)
    started = Lease("s-2", "LATEST", "me", latest_start_millis=1_500)
    assert position([DONE, started]) == Position(ARN, "s-2", created_from=1.0)
    assert position([DONE, Lease("s-2", "LATEST", "me")]) is None


def test_the_lag_is_the_age_of_the_oldest_record_that_is_not_done() -> None:
    lag = one_of(found(DONE, lease(LEFT), oldest={"s-2": Oldest(NOW - 3600)}), LEFT).lag
    assert (lag.seconds, lag.oldest_at, lag.trimmed_in_seconds) == (3600, NOW - 3600, 23 * 3600)
    lag = one_of(found(DONE, lease(LEFT), reports=(report(figures(oldest_at=NOW - 7)),)), LEFT).lag
    assert (lag.seconds, lag.basis) == (7, Basis.REPORT)


def test_the_lag_is_0_when_nothing_is_to_do_and_unknown_when_the_stream_does_not_say() -> None:
    application = found(DONE, lease(LEFT), lease(RIGHT), oldest={"s-2": Oldest(), "s-3": Oldest(is_known=False)})
    assert [one.lag.seconds for one in application.shards] == [0, 0, None]
    assert application.lag_seconds == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [({"has_caught_up": True}, 0), ({"has_caught_up": True, "pending": 1}, None), ({}, None)],
)
def test_a_stream_that_does_not_answer_is_known_by_an_owner_that_has_caught_up(
    values: dict[str, Any], expected: float | None
) -> None:
    application = found(DONE, lease(LEFT), reports=(report(figures(**values)),), oldest={"s-2": Oldest(is_known=False)})
    assert one_of(application, LEFT).lag.seconds == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"oldest_at": NOW - 5}, 5),  # it has not moved: what was the oldest still is
        ({"oldest_at": NOW - 5, "is_moving": True}, 3),  # as it was two seconds ago
        ({"oldest_at": NOW - 5, "is_moving": True, "blocks": [BLOCK]}, 5),
    ],
)
def test_while_records_are_done_the_lag_is_that_of_the_owners_report(values: dict[str, Any], expected: float) -> None:
    said = ShardFigures(ARN, LEFT.shard_id, NOW - 2, **values)
    assert one_of(found(DONE, lease(LEFT), reports=(report(said),)), LEFT).lag.seconds == expected


@pytest.mark.parametrize(("age", "expected"), [(1, 0), (3, 3)])
def test_a_record_that_is_newer_than_its_owners_report_is_not_late_yet(age: float, expected: float) -> None:
    said = ShardFigures(ARN, LEFT.shard_id, NOW - 2)
    application = found(DONE, lease(LEFT), reports=(report(said),), oldest={"s-2": Oldest(NOW - age)})
    assert one_of(application, LEFT).lag.seconds == expected


def test_the_time_to_catch_up_is_known_only_while_the_shard_is_faster_than_its_stream() -> None:
    def catch_up(speed: float | None) -> float | None:
        reports = (report(figures(oldest_at=NOW - 60, speed=speed)),)
        return one_of(found(DONE, lease(LEFT), reports=reports), LEFT).lag.catch_up_seconds

    assert catch_up(4.0) == pytest.approx(20)
    assert [catch_up(1.0), catch_up(0.0), catch_up(None)] == [None, None, None]


def test_the_application_has_the_largest_lag_and_counts_what_is_blocked_and_given_up() -> None:
    totals = [ActionTotals("Phones", "pay", dead_letters=2), ActionTotals("Phones", "log", dead_letters=1)]
    mine = report(figures(blocks=[BLOCK], oldest_at=NOW - 20), actions=totals)
    application = found(DONE, lease(LEFT), lease(RIGHT), reports=(mine,), oldest={"s-3": Oldest(NOW - 5)})
    assert (application.lag_seconds, application.blocked, application.dead_letters) == (20, 1, 3)


def test_workers_are_those_that_live_and_those_that_have_leases() -> None:
    application = found(
        DONE,
        lease(LEFT, owner="dead"),
        lease(RIGHT),
        reports=(report(figures(RIGHT)),),
        seen={"dead": NOW - 60, "gone": NOW - 60, "idle": NOW - 1},
        leader="idle",
    )
    said = [(one.worker_id, one.shards, one.is_late, one.is_leader) for one in application.workers]
    assert said == [("dead", 1, True, False), ("idle", 0, False, True), ("me", 1, False, False)]


def test_a_shard_is_paused_as_its_process_says_or_as_is_ordered_if_nobody_says() -> None:
    pause = Pause("ann@desk", NOW - 60, "migration", scope=Scope(STREAM.table, LEFT.shard_id, None))
    orders = Orders(pauses=[pause])
    leases = [lease(PARENT, "SHARD_END"), lease(LEFT), lease(RIGHT)]
    silent = found(*leases, orders=orders)
    assert (one_of(silent, LEFT).state, one_of(silent, RIGHT).state) == (State.PAUSED, State.READING)
    assert (one_of(silent, LEFT).pauses, silent.pauses) == ([pause], [pause])
    follows = found(*leases, orders=orders, reports=(report(figures(LEFT, pending=1, is_paused=True), figures(RIGHT)),))
    assert (one_of(follows, LEFT).state, one_of(follows, RIGHT).state) == (State.PAUSED, State.READING)
    not_yet = found(*leases, orders=orders, reports=(report(figures(LEFT, pending=1), figures(RIGHT)),))
    assert one_of(not_yet, LEFT).state is State.READING
    idle = found(*leases, orders=orders, reports=(report(figures(LEFT), figures(RIGHT, is_paused=True)),))
    assert (one_of(idle, LEFT).state, one_of(idle, RIGHT).state) == (State.PAUSED, State.READING)
