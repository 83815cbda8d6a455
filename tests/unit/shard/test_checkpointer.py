from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from amazon_kclpy.checkpoint_error import CheckpointError

from record_processor.errors import CheckpointRefusedError, LeaseLostError
from record_processor.shard import checkpointer as module
from record_processor.shard.checkpointer import Checkpointer
from tests.builders import LeaseMemory

if TYPE_CHECKING:
    from pathlib import Path


class KclCheckpointer:
    """kclpy's checkpointer: answers what it is told to, then yes."""

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
    monkeypatch.setattr(module, "delays", lambda _longest: iter([0.0] * 100))


class Work:
    """Work that is done up to `mark`; remembers what was checkpointed each time it was made safe."""

    def __init__(self, checkpointer: KclCheckpointer, mark: str | None = "1") -> None:
        self.checkpointer = checkpointer
        self.mark = mark
        self.saved_when_made_safe: list[list[str | None]] = []
        self.signs_of_life = 0

    def low_water(self) -> str | None:
        return self.mark

    def make_durable(self) -> None:
        self.saved_when_made_safe.append(list(self.checkpointer.saved))
        # Meanwhile another record gets done; it is not safe.
        self.mark = f"{self.mark} and more"

    def show_life(self) -> None:
        self.signs_of_life += 1


def test_a_lease_table_that_takes_no_checkpoint_for_long_does_not_make_the_process_look_stuck(
    memory: LeaseMemory,
) -> None:
    checkpointer = KclCheckpointer(*["ThrottlingException"] * 20)
    work = Work(checkpointer)
    Checkpointer(0, memory.lease(), work).save(checkpointer)
    assert work.signs_of_life > 20


def test_what_is_done_is_made_safe_before_it_is_checkpointed(memory: LeaseMemory) -> None:
    checkpointer = KclCheckpointer()
    work = Work(checkpointer)
    Checkpointer(0, memory.lease(), work).save_if_due(checkpointer)
    assert work.saved_when_made_safe == [[]]
    assert checkpointer.saved == ["1"]


def test_nothing_is_saved_where_nothing_was_done_since(memory: LeaseMemory) -> None:
    checkpointer = KclCheckpointer()
    work = Work(checkpointer)
    checkpoints = Checkpointer(0, memory.lease(), work)
    checkpoints.save(checkpointer)
    work.mark = "1"
    checkpoints.save(checkpointer)
    work.mark = None
    checkpoints.save(checkpointer)
    assert checkpointer.saved == ["1"]


def test_nothing_is_saved_before_the_interval_is_over(memory: LeaseMemory) -> None:
    checkpointer = KclCheckpointer()
    Checkpointer(3600, memory.lease(), Work(checkpointer)).save_if_due(checkpointer)
    assert checkpointer.saved == []


@pytest.mark.parametrize("refusal", ["ThrottlingException", "KinesisClientLibDependencyException", "RuntimeException"])
def test_a_busy_lease_table_is_asked_again(memory: LeaseMemory, refusal: str) -> None:
    checkpointer = KclCheckpointer(refusal, refusal)
    Checkpointer(0, memory.lease(), Work(checkpointer)).save(checkpointer)
    assert checkpointer.saved == ["1"]


def test_a_lost_lease_is_told_from_other_refusals(memory: LeaseMemory) -> None:
    lost, refused = KclCheckpointer("ShutdownException"), KclCheckpointer("IllegalArgumentException")
    with pytest.raises(LeaseLostError):
        Checkpointer(0, memory.lease(), Work(lost)).save(lost)
    with pytest.raises(CheckpointRefusedError, match="IllegalArgumentException"):
        Checkpointer(0, memory.lease(), Work(refused)).save(refused)


def test_no_checkpoint_is_tried_without_a_live_lease(memory: LeaseMemory) -> None:
    checkpointer = KclCheckpointer()
    lease = memory.lease()
    memory.lose()
    with pytest.raises(LeaseLostError):
        Checkpointer(0, lease, Work(checkpointer)).save(checkpointer)
    assert checkpointer.saved == []


def test_the_shards_end_is_saved_after_its_records_are_safe(memory: LeaseMemory) -> None:
    checkpointer = KclCheckpointer()
    work = Work(checkpointer)
    Checkpointer(3600, memory.lease(), work).save_shard_end(checkpointer)
    assert work.saved_when_made_safe == [[]]
    assert checkpointer.saved == [None]
