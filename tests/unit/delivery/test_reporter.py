"""When a shard's report is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from record_processor.delivery import reporter
from record_processor.delivery.low_water_mark import Standing
from record_processor.delivery.reporter import Reporter, Times
from tests.harness import wait_for

if TYPE_CHECKING:
    import pytest

    from record_processor.delivery.shard_report import Snapshot


class Scene:
    """A shard that is idle until `pending` says otherwise."""

    def __init__(self) -> None:
        self.pending = 0
        self.written: list[Snapshot] = []
        delivery = SimpleNamespace(standing=self.standing, blocks=list, skipped=list, is_paused=False)
        lease = SimpleNamespace(held=True, lost=False)
        report = SimpleNamespace(write=self.written.append)
        self.reporter = Reporter(*cast("Any", (report, delivery, lease, lambda: Times(None, None))))

    def standing(self) -> Standing:
        return Standing(None, 0, 0, 0, self.pending, 0)

    def wait_for_pending(self, pending: int) -> None:
        wait_for(lambda: self.written and self.written[-1].pending == pending, f"{pending} pending", 20)


def test_an_idle_shard_is_looked_at_when_records_come_and_until_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter, "_IDLE_SECONDS", 3600.0)
    scene = Scene()
    scene.wait_for_pending(0)
    scene.pending = 2
    scene.reporter.see_records()
    scene.wait_for_pending(2)
    scene.pending = 0  # nobody says so
    scene.wait_for_pending(0)


def test_an_idle_shard_is_reported_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter, "_IDLE_SECONDS", 0.02)
    monkeypatch.setattr(reporter, "_UNCHANGED_SECONDS", 0.02)
    scene = Scene()
    wait_for(lambda: len(scene.written) >= 3, "it is written again", 20)
    assert [one.pending for one in scene.written[:3]] == [0, 0, 0]
