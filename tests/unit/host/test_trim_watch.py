"""Who is warned that records are about to be removed, and how often."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.fleet.oldest_records import Oldest
from record_processor.host import trim_watch
from record_processor.host.trim_watch import TrimWatch
from tests.unit.fleet.builders import LEFT, PARENT, RIGHT, figures, found, lease, report

if TYPE_CHECKING:
    from record_processor.fleet.worker_report import ShardFigures

HOUR = 3600.0
WARNING = 4 * HOUR


def warned(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    said = [record.__dict__["record_processor_fields"] for record in caplog.records]
    caplog.clear()
    return said


def aged(hours: float) -> ShardFigures:
    return figures(LEFT, oldest_at=time.time() - hours * HOUR, pending=1)


@pytest.mark.parametrize(("hours", "count"), [(19.9, 0), (20.1, 1), (25, 1)])
def test_a_warning_comes_when_the_oldest_record_is_near_the_end_of_its_day(
    caplog: pytest.LogCaptureFixture, hours: float, count: int
) -> None:
    TrimWatch(WARNING).watch([aged(hours), figures(RIGHT)])
    said = warned(caplog)
    assert len(said) == count
    for one in said:
        assert (one["table"], one["shard_id"]) == ("Phones", LEFT.shard_id)
        assert one["seconds_left"] == pytest.approx((24 - hours) * HOUR, abs=2)


def test_the_same_shard_is_warned_about_again_only_after_a_while(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = TrimWatch(WARNING)
    watch.watch([aged(21)])
    watch.watch([aged(21)])
    assert len(warned(caplog)) == 1
    monkeypatch.setattr(trim_watch, "_SAID_EVERY_SECONDS", -1.0)
    watch.watch([aged(21)])
    assert len(warned(caplog)) == 1


def test_0_minutes_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    TrimWatch(0).watch([aged(23.9)])
    assert warned(caplog) == []


def test_the_leader_warns_about_what_nobody_reads_and_leaves_the_rest_to_its_owners(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.unit.fleet.builders.NOW", time.time())
    old = Oldest(time.time() - 21 * HOUR)
    mine = report(figures(RIGHT, oldest_at=old.created_at, pending=1), at=time.time())
    application = found(
        lease(PARENT, owner=None), lease(RIGHT), reports=(mine,), oldest={"s-1": old, "s-2": Oldest(old.created_at)}
    )
    TrimWatch(WARNING).watch_others(application)
    assert [one["shard_id"] for one in warned(caplog)] == ["s-1", "s-2"]
