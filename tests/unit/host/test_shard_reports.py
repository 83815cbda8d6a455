"""What the parent process makes of its shard processes' reports."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.delivery.blocks import Block
from record_processor.delivery.shard_report import DEAD_LETTERS, RECEIVED, ShardReport, Snapshot
from record_processor.fleet.model import ActionTotals
from record_processor.host.shard_reports import ShardReports
from record_processor.records.stream import Shard
from tests.builders import STREAM, LeaseMemory

if TYPE_CHECKING:
    from pathlib import Path


def begun(folder: Path, number: int, shard_id: str = "s-1", lease_file: str = "", **snapshot: Any) -> ShardReport:
    (folder / f"trials-{number}").touch()
    report = ShardReport(folder / f"report-{number}", Shard(shard_id, STREAM), ["pay"], 1, lease_file)
    report.write(Snapshot(**{"at": time.time(), **snapshot}))
    return report


def test_every_shard_is_reported_with_what_its_process_says(tmp_path: Path) -> None:
    block = Block("pay", "it is down", "7", since=1.0)
    begun(tmp_path, 1, done_up_to="6", oldest_at=5.0, pending=2, saved_at=4.0, blocks=[block])
    begun(tmp_path, 2, "s-2", is_late=True)
    first, second = sorted(ShardReports(tmp_path).look(), key=lambda one: one.shard_id)
    assert (first.done_up_to, first.oldest_at, first.pending, first.saved_at) == ("6", 5.0, 2, 4.0)
    assert (first.blocks, first.restarts, first.is_running, first.is_late) == ([block], 1, True, False)
    assert (second.shard_id, second.is_late, second.records_per_second) == ("s-2", True, None)


def test_times_become_those_of_a_clock_that_is_ahead(tmp_path: Path) -> None:
    block = Block("pay", "it is down", "7", since=1.0, next_try=3.0)
    now = time.time()
    begun(tmp_path, 1, at=now, oldest_at=5.0, saved_at=4.0, blocks=[block])
    (shard,) = ShardReports(tmp_path).look(clock_ahead_seconds=100.0)
    assert (shard.at, shard.saved_at, shard.oldest_at) == (now + 100, 104.0, 5.0)  # a record's time is the server's
    assert (shard.blocks[0].since, shard.blocks[0].next_try, shard.is_running) == (101.0, 103.0, True)


def test_a_process_that_says_nothing_more_does_not_run(tmp_path: Path) -> None:
    begun(tmp_path, 1, at=time.time() - 60)
    (shard,) = ShardReports(tmp_path).look()
    assert not shard.is_running


def test_an_idle_process_is_as_its_jvm_has_last_found_the_shard(tmp_path: Path) -> None:
    lease, now = LeaseMemory(tmp_path / "lease-1"), time.time()
    begun(tmp_path, 1, lease_file="lease-1", at=now - 60)
    lease.found_nothing(now - 60)
    (shard,) = ShardReports(tmp_path).look()
    assert (shard.has_caught_up, shard.is_running) == (False, False)
    lease.found_nothing(now)
    (shard,) = ShardReports(tmp_path).look()
    assert (shard.has_caught_up, shard.is_running) == (True, True)
    assert shard.at == pytest.approx(now, abs=0.01)


def test_a_process_that_is_about_to_get_records_has_not_caught_up(tmp_path: Path) -> None:
    lease, now = LeaseMemory(tmp_path / "lease-1"), time.time()
    begun(tmp_path, 1, lease_file="lease-1", at=now, has_caught_up=True)
    lease.found_nothing(0)
    (shard,) = ShardReports(tmp_path).look()
    assert (shard.has_caught_up, shard.at) == (False, now)


def test_a_process_with_records_speaks_for_itself(tmp_path: Path) -> None:
    LeaseMemory(tmp_path / "lease-1").found_nothing(time.time())
    begun(tmp_path, 1, lease_file="lease-1", at=time.time() - 60, pending=1)
    (shard,) = ShardReports(tmp_path).look()
    assert (shard.has_caught_up, shard.is_running) == (False, False)


def test_speeds_are_measured_between_looks_and_anew_with_another_process(tmp_path: Path) -> None:
    reports, now = ShardReports(tmp_path), time.time()
    report = begun(tmp_path, 1, at=now, done=100, done_created_at=1000.0)
    reports.look()
    report.write(Snapshot(at=now + 10, done=400, done_created_at=1050.0))
    (shard,) = reports.look()
    assert (shard.records_per_second, shard.speed, shard.is_moving) == (30.0, 5.0, True)
    report.write(Snapshot(at=now + 13, done=400, done_created_at=1050.0))
    assert [one.is_moving for one in reports.look()] == [False]
    report.write(Snapshot(at=now + 14, done=0))
    (shard,) = reports.look()
    assert (shard.records_per_second, shard.speed) == (None, None)


def test_what_was_counted_stays_counted_when_a_shard_leaves_and_when_the_jvm_ends(tmp_path: Path) -> None:
    reports = ShardReports(tmp_path)
    first, second = begun(tmp_path, 1), begun(tmp_path, 2, "s-2")
    first.counters("pay").numbers[RECEIVED] += 3
    second.counters("pay").numbers[RECEIVED] += 4
    second.counters("pay").numbers[DEAD_LETTERS] += 1
    reports.look()
    assert reports.totals() == [ActionTotals("Phones", "pay", received=7, dead_letters=1)]
    first.counters("pay").numbers[RECEIVED] += 10
    (tmp_path / "trials-1").unlink()
    assert [one.shard_id for one in reports.look()] == ["s-2"]
    assert not (tmp_path / "report-1").exists()
    assert reports.totals() == [ActionTotals("Phones", "pay", received=17, dead_letters=1)]
    reports.close()
    assert (reports.look(), list(tmp_path.glob("report-*"))) == ([], [])
    assert reports.totals() == [ActionTotals("Phones", "pay", received=17, dead_letters=1)]


def test_a_snapshot_that_is_just_being_written_is_the_one_before_it(tmp_path: Path) -> None:
    begun(tmp_path, 1, done_up_to="123456")
    reports = ShardReports(tmp_path)
    assert [one.done_up_to for one in reports.look()] == ["123456"]
    path = tmp_path / "report-1"
    path.write_bytes(path.read_bytes().replace(b'"123456"', b'"1234  '))
    assert [one.done_up_to for one in reports.look()] == ["123456"]


@pytest.mark.parametrize("name", ["report-1", "report-1.new"])
def test_a_file_that_is_being_made_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "trials-1").touch()
    (tmp_path / name).write_bytes(b"\0" * 10)
    reports = ShardReports(tmp_path)
    assert (reports.look(), reports.totals()) == ([], [])
    assert (tmp_path / name).exists()
