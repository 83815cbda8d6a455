"""What makes a worker unhealthy: only what another start mends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from record_processor.delivery.blocks import Block
from record_processor.host.metrics.health import Life, ill, unready
from tests.unit.host.metrics.builders import figures, jvm, shard

if TYPE_CHECKING:
    from pathlib import Path


def life(seconds_ago: float | None = 10.0) -> Life:
    return Life(None if seconds_ago is None else time.time() - seconds_ago, failover_seconds=10.0)


def test_a_worker_that_works_is_healthy_and_ready(tmp_path: Path) -> None:
    shard(tmp_path)
    assert (ill(figures(tmp_path), life()), unready(figures(tmp_path), life())) == ([], [])


def test_a_blocked_record_a_crash_loop_and_late_leases_are_no_reason_to_restart_it(tmp_path: Path) -> None:
    block = Block("pay", "it is down", "7", since=1.0)
    shard(tmp_path, pending=1, oldest_at=1.0, blocks=[block], restarts=99, is_late=True)
    found = figures(tmp_path, jvm=jvm(leases_late=3, renewed_seconds_ago=60.0))
    assert (ill(found, life()), unready(found, life())) == ([], [])


def test_a_jvm_that_has_ended_hangs_or_never_speaks_is(tmp_path: Path) -> None:
    assert ill(figures(tmp_path), life(None)) == ["the JVM has ended"]
    assert unready(figures(tmp_path), life(None)) == ["the JVM is being started"]
    hanging = figures(tmp_path, jvm=jvm(at=time.time() - 61))
    assert "the JVM has said nothing for 61 s" in ill(hanging, life(3600))
    assert "the JVM has said nothing for 61 s" in unready(hanging, life(3600))
    assert ill(figures(tmp_path, jvm=None), life(119)) == []
    (said,) = ill(figures(tmp_path, jvm=None), life(121))
    assert "was started 121 s ago and has said nothing" in said


def test_what_the_jvm_before_this_one_said_does_not_count(tmp_path: Path) -> None:
    old = figures(tmp_path, jvm=jvm(at=time.time() - 100))
    assert ill(old, life(50)) == []
    assert unready(old, life(50)) == ["the JVM is being started"]


def test_leases_that_nothing_renews_for_five_minutes_are(tmp_path: Path) -> None:
    assert ill(figures(tmp_path, jvm=jvm(renewed_seconds_ago=299.0)), life()) == []
    cut_off = jvm(renewed_seconds_ago=301.0)
    assert ill(figures(tmp_path, jvm=cut_off), life()) == ["no renewal of a lease has succeeded for 301 s"]
    assert ill(figures(tmp_path, jvm=cut_off), life()._replace(failover_seconds=60.0)) == []
    assert ill(figures(tmp_path, jvm=jvm(renewed_seconds_ago=9e9, leases_held=0)), life()) == []


def test_a_forker_that_does_not_come_back_is_if_shards_wait_for_it(tmp_path: Path) -> None:
    gone = jvm(forker_gone_seconds=61.0)
    (said,) = ill(figures(tmp_path, jvm=gone), life())
    assert "no process to fork shard processes from for 61 s" in said
    assert ill(figures(tmp_path, jvm=jvm(forker_gone_seconds=59.0)), life()) == []
    assert ill(figures(tmp_path, jvm=jvm(forker_gone_seconds=61.0, leases_held=0)), life()) == []
    assert ill(figures(tmp_path, jvm=jvm(forker_gone_seconds=61.0, forks=False)), life()) == []
    shard(tmp_path)  # it runs: none is missing
    assert ill(figures(tmp_path, jvm=gone), life()) == []


def test_a_worker_that_starts_or_stops_is_healthy_and_not_ready(tmp_path: Path) -> None:
    for jvm_report, why in (
        (None, "the JVM is being started"),
        (jvm(is_running=False), "KCL is being initialized"),
        (jvm(is_stopping=True), "the worker is stopping"),
    ):
        found = figures(tmp_path, jvm=jvm_report)
        assert (ill(found, life()), unready(found, life())) == ([], [why])
