from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from record_processor.errors import LeaseLostError, StopRequestedError
from record_processor.worker.delivery.gate import Gate
from tests.builders import LeaseMemory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def memory(tmp_path: Path) -> LeaseMemory:
    return LeaseMemory(tmp_path / "lease")


def test_a_held_lease_lets_work_begin(memory: LeaseMemory) -> None:
    memory.lease().check_held()


def test_a_lease_that_java_takes_back_is_lost_at_once(memory: LeaseMemory) -> None:
    lease = memory.lease()
    memory.lose()
    with pytest.raises(LeaseLostError):
        lease.check_held()


def test_a_lease_that_nobody_renews_runs_out_by_the_clock(memory: LeaseMemory) -> None:
    lease = memory.lease()
    memory.hold(-0.001)
    assert not lease.held


def test_a_stop_ends_the_wait_for_another_try(memory: LeaseMemory) -> None:
    gate = Gate(memory.lease(), drain_seconds=60)
    threading.Timer(0.05, memory.ask_to_stop).start()
    begun = time.monotonic()
    with pytest.raises(StopRequestedError):
        gate.sleep(30)
    assert time.monotonic() - begun < 5


def test_a_lost_lease_ends_the_wait_for_another_try(memory: LeaseMemory) -> None:
    gate = Gate(memory.lease(), drain_seconds=0)
    threading.Timer(0.05, memory.lose).start()
    with pytest.raises(LeaseLostError):
        gate.sleep(30)


def test_after_a_stop_held_batches_may_begin_for_a_moment_only(memory: LeaseMemory) -> None:
    gate = Gate(memory.lease(), drain_seconds=0.05)
    memory.ask_to_stop()
    gate.check()
    time.sleep(0.06)
    with pytest.raises(StopRequestedError):
        gate.check()


def test_a_lost_lease_counts_more_than_a_stop(memory: LeaseMemory) -> None:
    gate = Gate(memory.lease(), drain_seconds=0)
    memory.ask_to_stop()
    memory.lose()
    with pytest.raises(LeaseLostError):
        gate.check()


def test_nothing_begins_after_the_shard_was_given_up(memory: LeaseMemory) -> None:
    gate = Gate(memory.lease(), drain_seconds=60)
    gate.abandon()
    with pytest.raises(LeaseLostError):
        gate.check()
