"""What becomes of the records, in numbers: an action whose filter drops everything is not silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from record_processor.delivery import counts, shard_delivery
from record_processor.plugin.settings import Batch, Retry
from tests.builders import LeaseMemory
from tests.unit.delivery.test_shard_delivery import Calls, dead, fail_on, opened, records

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_delivery, "REPORT_SECONDS", 0.0)


def said(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    fields = [
        record.__dict__["record_processor_fields"]
        for record in caplog.records
        if record.__dict__.get("record_processor_event") == "delivery.counts"
    ]
    caplog.clear()
    return [{name: value for name, value in one.items() if name != "seconds"} for one in fields]


def test_counts_say_for_each_action_what_became_of_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    nothing = Calls(name="nothing", filter={"eventName": ["REMOVE"]})
    some = Calls(fail_on("2"), name="some", retry=Retry(max_attempts=1), dead_letter=dead(tmp_path))
    many = Calls(name="many", batch=Batch(size=3))
    running = opened(LeaseMemory(tmp_path / "lease"), nothing, some, many)
    running.submit(records(1, 2, 3))
    running.finish()
    running.check()
    assert said(caplog) == []
    monkeypatch.setattr(counts, "INTERVAL_SECONDS", 0.0)
    running.check()
    assert said(caplog) == [
        {"action": "nothing", "received": 3, "filtered": 3, "delivered": 0, "dead": 0, "waiting": 0},
        {"action": "some", "received": 3, "filtered": 0, "delivered": 2, "dead": 1, "waiting": 0},
        {"action": "many", "received": 3, "filtered": 0, "delivered": 3, "dead": 0, "waiting": 0},
    ]
    running.check()
    assert said(caplog) == []
    running.submit(records(4))
    running.finish()
    running.close()
    assert [(one["action"], one["received"]) for one in said(caplog)] == [("nothing", 1), ("some", 1), ("many", 1)]


def test_a_filter_that_lets_nothing_through_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    running = opened(LeaseMemory(tmp_path / "lease"), Calls(name="removals", filter={"eventName": ["REMOVE"]}))
    running.submit(records(*range(1, 201)))
    running.close()
    assert "removals: its filter rejected all 200 records" in caplog.text
