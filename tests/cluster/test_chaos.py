"""A minute of `scripts/chaos`; the long run is the same with `--minutes 12`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster import chaos
from tests.cluster.hosts import require_namespaces

if TYPE_CHECKING:
    from pathlib import Path


def test_a_minute_of_faults_loses_nothing_turns_nothing_and_lets_nothing_begin_without_a_lease(tmp_path: Path) -> None:
    require_namespaces()
    kinds = ("pause on a cut-off host", "skip in a takeover", "reload in a split", "host suspended")
    plan = chaos.Plan(minutes=1, seed=6, kinds=kinds, cycle_seconds=10, once=True)
    verdict = chaos.run(tmp_path, plan, writes_per_second=500)
    assert verdict.good, chaos.table(verdict)
    assert set(kinds) <= set(verdict.tolls)
