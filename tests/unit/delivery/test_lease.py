from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from record_processor.delivery.fence import Fence
from record_processor.delivery.lease import Lease, empty_at
from record_processor.errors import LeaseLostError, StopRequestedError
from record_processor.system import boot_time
from tests.builders import LeaseMemory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def memory(tmp_path: Path) -> LeaseMemory:
    return LeaseMemory(tmp_path / "lease")


def test_a_held_lease_lets_work_begin(memory: LeaseMemory) -> None:
    Fence(memory.lease(), drain_seconds=0).check()


def test_a_lease_that_java_takes_back_is_lost_at_once(memory: LeaseMemory) -> None:
    lease = memory.lease()
    memory.lose()
    with pytest.raises(LeaseLostError):
        lease.check_not_lost()


def test_a_lease_that_nobody_renews_runs_out_by_the_clock_and_is_not_lost_yet(memory: LeaseMemory) -> None:
    lease = memory.lease()
    memory.hold(-0.001)
    assert not lease.held
    lease.check_not_lost()


def test_a_lease_runs_out_while_the_host_sleeps_although_the_monotonic_clock_stands_still(memory: LeaseMemory) -> None:
    now = [boot_time.now_ns()]
    lease = Lease(memory.path, lambda: now[0])
    memory.hold(5)
    assert lease.work_may_begin
    now[0] += 3600 * 10**9
    assert not lease.work_may_begin
    assert not lease.held
    lease.check_not_lost()


def test_nothing_begins_on_a_late_lease_until_its_renewal_came_through(memory: LeaseMemory) -> None:
    fence = Fence(memory.lease(), drain_seconds=0)
    memory.hold(-0.001)
    renewed = threading.Timer(0.2, memory.hold, [60])
    begun = time.monotonic()
    renewed.start()
    fence.check()
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize("end", ["lose", "ask_to_stop"])
def test_a_late_lease_that_is_lost_or_stopped_lets_nothing_begin(memory: LeaseMemory, end: str) -> None:
    fence = Fence(memory.lease(), drain_seconds=60)
    memory.hold(-0.001)
    threading.Timer(0.05, getattr(memory, end)).start()
    with pytest.raises(LeaseLostError):
        fence.check()


def test_a_lease_is_lost_with_the_process_that_renews_it(memory: LeaseMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = memory.lease()
    lease.check_not_lost()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    with pytest.raises(LeaseLostError):
        lease.check_not_lost()


def test_a_stop_ends_the_wait_for_another_try(memory: LeaseMemory) -> None:
    fence = Fence(memory.lease(), drain_seconds=60)
    threading.Timer(0.05, memory.ask_to_stop).start()
    begun = time.monotonic()
    with pytest.raises(StopRequestedError):
        fence.sleep(30)
    assert time.monotonic() - begun < 5


def test_a_lost_lease_ends_the_wait_for_another_try(memory: LeaseMemory) -> None:
    fence = Fence(memory.lease(), drain_seconds=0)
    threading.Timer(0.05, memory.lose).start()
    with pytest.raises(LeaseLostError):
        fence.sleep(30)


def test_after_a_stop_held_batches_may_begin_for_a_moment_only(memory: LeaseMemory) -> None:
    fence = Fence(memory.lease(), drain_seconds=0.05)
    memory.ask_to_stop()
    fence.check()
    time.sleep(0.06)
    with pytest.raises(StopRequestedError):
        fence.check()


def test_a_lost_lease_counts_more_than_a_stop(memory: LeaseMemory) -> None:
    fence = Fence(memory.lease(), drain_seconds=0)
    memory.ask_to_stop()
    memory.lose()
    with pytest.raises(LeaseLostError):
        fence.check()


def test_nothing_begins_after_the_shard_was_given_up(memory: LeaseMemory) -> None:
    fence = Fence(memory.lease(), drain_seconds=60)
    fence.abandon()
    with pytest.raises(LeaseLostError):
        fence.check()


@pytest.mark.parametrize(("found_nothing_at", "known"), [(1_795_000_000.25, 1_795_000_000.25), (0, None)])
def test_when_nothing_was_found_is_known_until_something_is(
    memory: LeaseMemory, found_nothing_at: float, known: float | None
) -> None:
    assert empty_at(memory.path) is None
    memory.found_nothing(found_nothing_at)
    assert empty_at(memory.path) == known


def test_nothing_is_known_of_a_lease_that_was_closed(memory: LeaseMemory) -> None:
    memory.path.unlink()
    assert empty_at(memory.path) is None
