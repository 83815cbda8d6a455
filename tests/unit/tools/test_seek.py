"""What `seek` understands, and what it says about a plan, without a network."""

from __future__ import annotations

from typing import Any

import pytest

from record_processor.errors import SetupError
from record_processor.fleet import seek_plan
from record_processor.fleet.model import Lag, Shard, State
from record_processor.fleet.seek_plan import BEGINNING, Move, Place
from record_processor.tools import seek_text, seek_to
from record_processor.tools.seek_to import To
from tests.builders import ARN, STREAM
from tests.unit.fleet.builders import LEFT

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trim-horizon", To("trim-horizon")),
        ("latest", To("latest", NOW, is_now=True)),
        ("000000000000000000042", To("000000000000000000042", sequence_number="000000000000000000042")),
        ("2027-01-15T07:00:00Z", To("2027-01-15T07:00:00Z", NOW - 3600)),
        ("2027-01-15T09:00+02:00", To("2027-01-15T09:00+02:00", NOW - 3600)),
        ("2027-01-14T08:00:00Z", To("2027-01-14T08:00:00Z", NOW - 86400)),
    ],
)
def test_positions_are_understood(text: str, expected: To) -> None:
    assert seek_to.parse(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "'' is no position; expected trim-horizon, latest, a time"),
        ("yesterday", "'yesterday' is no position"),
        ("TRIM_HORIZON", "'TRIM_HORIZON' is no position"),
        ("-42", "'-42' is no position"),
        ("\uff14\uff12", "is no position"),
        ("4" * 41, "is no position"),
        ("2027-01-15T07:00:00", "says no time zone; add Z"),
        ("2027-02-30T07:00:00Z", "is no position"),
        ("2027-01-15T08:00:01Z", "that has not come yet; it is 2027-01-15T08:00:00Z"),
        ("2027-01-14T07:59:59Z", "what is older than 2027-01-14T08:00:00Z is trimmed"),
        ("0001-01-01T00:00:00+23:59", "is trimmed"),
    ],
)
def test_what_is_no_position_or_trimmed_is_refused_by_name(text: str, part: str) -> None:
    with pytest.raises(SetupError, match="--to") as refused:
        seek_to.parse(text, NOW)
    assert part in str(refused.value)


def line(place: Place, *, was_done: bool = False, oldest: float | None = NOW - 60, **values: Any) -> str:
    known = {"checkpoint": "100", "lag": Lag(0.0), **values}
    shard = Shard(
        table="Phones", stream_arn=ARN, shard_id="s-2", parent=None, children=[], state=State.READING, **known
    )
    move = Move(STREAM, LEFT, place, "100", was_done)
    (found,) = seek_text.lines([move], {(ARN, "s-2"): shard}, {"s-2": oldest})
    return found


def test_a_plan_says_where_each_shard_is_and_what_is_processed_again_or_skipped() -> None:
    behind = Lag(60.0, oldest_at=NOW - 60)
    assert line(BEGINNING) == (
        "Phones s-2: done up to 100, nothing is left; begins with its oldest record, of 2027-01-15T07:59:00Z: "
        "processes all of it again"
    )
    assert "nothing is saved as done" in line(BEGINNING, checkpoint="TRIM_HORIZON")
    assert line(BEGINNING, was_done=True).startswith("Phones s-2: ended, all of it is done; begins")
    at = Place.at_time(NOW)
    assert line(at, lag=behind).endswith(
        "left from 2027-01-15T07:59:00Z on; begins at 2027-01-15T08:00:00Z: skips what is left from "
        "2027-01-15T07:59:00Z until then"
    )
    assert line(at).endswith("begins at 2027-01-15T08:00:00Z: processes again what was written from then on")
    assert line(at, lag=Lag(None)).endswith(
        "what is left is not known: the stream did not answer; begins at 2027-01-15T08:00:00Z: skips what is left "
        "until then, if anything is"
    )
    assert line(Place("90")).endswith("begins after 90: processes again what is between")
    assert line(Place("190")).endswith("begins after 190: skips what is between")
    assert line(Place("100")).endswith("begins after 100, where it is")


def test_the_place_of_a_lease_is_written_with_its_time() -> None:
    assert seek_text.checkpoint(seek_plan.BEGINNING) == "TRIM_HORIZON"
    assert seek_text.checkpoint(Place.at_time(NOW)) == "LATEST from 2027-01-15T08:00:00Z"
