"""What the real process of a shard reports of itself, in the file beside its trials file."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from record_processor.delivery import shard_report
from record_processor.delivery.shard_report import CHECKPOINTS, DELIVERED, FAILED_ATTEMPTS, RECEIVED
from tests.builders import ARN
from tests.harness import wait_for
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from record_processor.delivery.shard_report import Content

FAILS = "def handle(event, context):\n    raise ValueError('the sink is down')\n"
FORKS = """
import os, pathlib, time
def handle(event, context):
    if os.fork() == 0:
        pathlib.Path("new").write_text(str(os.getpid()))
        pathlib.Path("new").rename("forked")
        return  # as one that forgets to end: it goes on as if it were the shard's process
    while not pathlib.Path("forked").exists():
        time.sleep(0.01)
    time.sleep(0.3)
"""
HANDLES_WHEN_ASKED = """
import pathlib, time
def handle(event, context):
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
"""
HANGS = "import time\ndef handle(event, context):\n    time.sleep(600)\n"


def is_idle(shard: ShardProcess) -> bool:
    return shard.trials_path.read_bytes()[2] == 1


def reported(shard: ShardProcess, condition: Callable[[Content], bool], what: str) -> Content:
    path = shard_report.path_beside(shard.trials_path)
    assert path is not None

    def look() -> Content | None:
        found = shard_report.read(path)
        return found if found is not None and condition(found) else None

    found = wait_for(look, what, 20)
    assert found is not None
    return found


def test_a_process_says_what_blocks_it_and_since_when_its_oldest_record_waits(tmp_path: Path) -> None:
    shard = ShardProcess(tmp_path, [python_action(tmp_path, FAILS)])
    begun = time.time()
    shard.initialize().records(1, 2)
    found = reported(shard, lambda one: bool(one.snapshot.blocks), "it is blocked")
    assert (found.header.stream_arn, found.header.shard_id) == (ARN, "shardId-1")
    (block,) = found.snapshot.blocks
    assert (block.action, block.sequence_number) == ("orders", "1")
    assert "the sink is down" in block.error
    assert begun <= block.since <= found.snapshot.at
    assert (found.snapshot.pending, found.snapshot.done_up_to) == (2, None)
    assert found.snapshot.oldest_at == 1_795_415_484.321  # as `adapter_json` has it
    assert found.counters["orders"][FAILED_ATTEMPTS] >= 1
    assert begun <= (found.snapshot.unsaved_since or 0) <= found.snapshot.at + 1
    shard.kill()


def test_what_blocks_is_reported_without_secrets_and_in_one_line(tmp_path: Path) -> None:
    code = "def handle(event, context):\n    raise ValueError('s3cret-value\\n\\x1b[2J' + 'x' * 5000)\n"
    shard = ShardProcess(tmp_path, [python_action(tmp_path, code)], secrets=["s3cret-value"])
    shard.initialize().records(1)
    found = reported(shard, lambda one: bool(one.snapshot.blocks), "it is blocked")
    (error,) = [block.error for block in found.snapshot.blocks]
    assert "s3cret" not in error
    assert len(error) < 350
    assert error.isprintable()
    shard.kill()


def test_a_process_that_was_killed_is_continued_by_the_next(tmp_path: Path) -> None:
    action = python_action(tmp_path, "def handle(event, context):\n    pass\n")
    first = ShardProcess(tmp_path, [action])
    first.initialize().records(1, 2, 3)
    first.wait_for_checkpoint(3)
    saved = reported(first, lambda one: one.snapshot.saved_at is not None, "the checkpoint is reported")
    assert (saved.snapshot.done_up_to, saved.snapshot.pending, saved.counters["orders"][DELIVERED]) == ("3", 0, 3)
    assert saved.shard_counters[CHECKPOINTS] >= 1
    all_saved = reported(first, lambda one: one.snapshot.unsaved_since is None, "nothing waits for a checkpoint")
    assert all_saved.snapshot.done_up_to == "3"
    first.kill()
    second = ShardProcess(tmp_path, [action], last_end="killed")
    second.initialize("3").records(4)
    found = reported(second, lambda one: one.counters["orders"][DELIVERED] == 4, "it goes on counting")
    assert (found.header.process_id, found.counters["orders"][RECEIVED]) == (second.process.pid, 4)
    second.kill()


def test_a_process_says_that_everything_is_done_and_saved_until_it_gets_records(tmp_path: Path) -> None:
    shard = ShardProcess(tmp_path, [python_action(tmp_path, HANDLES_WHEN_ASKED)])
    shard.initialize().records()
    wait_for(lambda: is_idle(shard), "it has nothing to do", 20)
    shard.records(1)
    wait_for(lambda: not is_idle(shard), "it has a record", 20)
    shard.records()  # a read that found nothing, while the record is not done
    shard.records()
    assert not is_idle(shard)
    (tmp_path / "go").touch()
    shard.wait_for_checkpoint(1)
    wait_for(lambda: is_idle(shard), "the record is done and saved", 20)
    shard.kill()


def test_a_process_that_is_blocked_is_not_idle(tmp_path: Path) -> None:
    shard = ShardProcess(tmp_path, [python_action(tmp_path, FAILS)])
    shard.initialize().records(1)
    reported(shard, lambda one: bool(one.snapshot.blocks), "it is blocked")
    shard.records()
    shard.records()  # it has answered the one before
    assert not is_idle(shard)
    shard.kill()


def test_a_copy_that_a_handler_forked_counts_nothing(tmp_path: Path) -> None:
    shard = ShardProcess(tmp_path, [python_action(tmp_path, FORKS, concurrency=2)])
    shard.initialize().records(1)
    shard.wait_for_checkpoint(1)
    found = reported(shard, lambda one: one.snapshot.done_up_to == "1", "it is done")
    assert found.counters["orders"][DELIVERED] == 1
    os.kill(int((tmp_path / "forked").read_text()), signal.SIGKILL)
    shard.kill()


def test_a_call_that_does_not_come_back_blocks(tmp_path: Path) -> None:
    shard = ShardProcess(tmp_path, [python_action(tmp_path, HANGS)])
    shard.initialize().records(1)
    found = reported(shard, lambda one: bool(one.snapshot.blocks), "it is blocked")
    (block,) = found.snapshot.blocks
    assert (block.sequence_number, block.next_try) == ("1", None)
    assert block.error.startswith("the call has not returned for 1")
    shard.kill()
