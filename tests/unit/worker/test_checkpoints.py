from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from amazon_kclpy.checkpoint_error import CheckpointError

from record_processor.errors import CheckpointRefusedError, LeaseLostError
from record_processor.worker import checkpoints as module
from record_processor.worker.checkpoints import Checkpoints
from tests.builders import LeaseMemory

if TYPE_CHECKING:
    from pathlib import Path


class Checkpointer:
    """kclpy's checkpointer, answering what it is told to, then yes."""

    def __init__(self, *refusals: str) -> None:
        self.refusals = list(refusals)
        self.saved: list[str | None] = []

    def checkpoint(self, sequence_number: str | None = None) -> None:
        if self.refusals:
            raise CheckpointError(self.refusals.pop(0))
        self.saved.append(sequence_number)


@pytest.fixture
def memory(tmp_path: Path) -> LeaseMemory:
    return LeaseMemory(tmp_path / "lease")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "delays", lambda: iter([0.0] * 100))


def test_what_is_done_is_made_safe_before_it_is_checkpointed(memory: LeaseMemory) -> None:
    events: list[str] = []
    checkpointer = Checkpointer()
    checkpoints = Checkpoints(0, memory.lease(), lambda: events.append(f"safe after {checkpointer.saved}"))
    checkpoints.done("1")
    checkpoints.save_if_due(checkpointer)
    assert events == ["safe after []"]
    assert checkpointer.saved == ["1"]


def test_nothing_is_saved_where_nothing_was_done_since(memory: LeaseMemory) -> None:
    checkpointer = Checkpointer()
    checkpoints = Checkpoints(0, memory.lease(), lambda: None)
    checkpoints.done("1")
    checkpoints.save(checkpointer)
    checkpoints.save(checkpointer)
    assert checkpointer.saved == ["1"]


def test_nothing_is_saved_before_the_interval_is_over(memory: LeaseMemory) -> None:
    checkpointer = Checkpointer()
    checkpoints = Checkpoints(3600, memory.lease(), lambda: None)
    checkpoints.done("1")
    checkpoints.save_if_due(checkpointer)
    assert checkpointer.saved == []


@pytest.mark.parametrize("refusal", ["ThrottlingException", "KinesisClientLibDependencyException"])
def test_a_busy_lease_table_is_asked_again(memory: LeaseMemory, refusal: str) -> None:
    checkpointer = Checkpointer(refusal, refusal)
    checkpoints = Checkpoints(0, memory.lease(), lambda: None)
    checkpoints.done("1")
    checkpoints.save(checkpointer)
    assert checkpointer.saved == ["1"]


def test_a_lost_lease_is_told_from_other_refusals(memory: LeaseMemory) -> None:
    checkpoints = Checkpoints(0, memory.lease(), lambda: None)
    checkpoints.done("1")
    with pytest.raises(LeaseLostError):
        checkpoints.save(Checkpointer("ShutdownException"))
    with pytest.raises(CheckpointRefusedError, match="IllegalArgumentException"):
        checkpoints.save(Checkpointer("IllegalArgumentException"))


def test_no_checkpoint_is_tried_without_a_live_lease(memory: LeaseMemory) -> None:
    checkpointer = Checkpointer()
    checkpoints = Checkpoints(0, memory.lease(), lambda: None)
    checkpoints.done("1")
    memory.lose()
    with pytest.raises(LeaseLostError):
        checkpoints.save(checkpointer)
    assert checkpointer.saved == []


def test_the_shards_end_is_saved_after_its_records_are_safe(memory: LeaseMemory) -> None:
    safe: list[bool] = []
    checkpointer = Checkpointer()
    checkpoints = Checkpoints(3600, memory.lease(), lambda: safe.append(not checkpointer.saved))
    checkpoints.done("1")
    checkpoints.save_shard_end(checkpointer)
    assert safe == [True]
    assert checkpointer.saved == [None]
