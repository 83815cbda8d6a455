"""How a shard's process ends: the real one, over its protocol."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.system import process_end, shard_environment
from tests.harness import is_running, wait_for
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Its thread is no daemon; an orderly interpreter would wait for it.
LINGERS = """
import atexit, pathlib, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
atexit.register(pathlib.Path("hook").touch)
def handle(event, context): pass
"""
FORKS = """
import os, pathlib, subprocess, sys, time
def handle(event, context):
    program = subprocess.Popen(["sleep", "60"])
    if not (pid := os.fork()):
        if int(event["Records"][0]["dynamodb"]["SequenceNumber"]) == 1:
            print("as if it were the shard's process", flush=True)
            return  # and so is not stopped from going on with the shard's records
        if int(event["Records"][0]["dynamodb"]["SequenceNumber"]) == 3:
            sys.exit("as a process of its own would")
        time.sleep(60)
    with open("pids", "a") as file:
        print(program.pid, pid, file=file)
"""
HANGS = """
import pathlib, time
def handle(event, context):
    if event["Records"][0]["dynamodb"]["SequenceNumber"] == "2":
        pathlib.Path("hangs").touch()
        time.sleep(60)
"""
WAITS = HANGS.replace("time.sleep(60)", "\n        while not pathlib.Path('go').exists(): time.sleep(0.01)")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ShardProcess]]:
    running: list[ShardProcess] = []

    def begin(code: str, timeout: str = "15m", **options: Any) -> ShardProcess:
        running.append(ShardProcess(tmp_path, [python_action(tmp_path, code, timeout=timeout)], **options))
        return running[-1].initialize()

    yield begin
    for process in running:
        process.kill()


def test_the_end_of_its_input_ends_it_in_order_whatever_threads_a_handler_has_left(
    start: Callable[..., ShardProcess],
) -> None:
    process = start(LINGERS)
    process.records(1)
    process.wait_for_checkpoint(1)
    assert process.close() == process_end.ORDERLY
    assert process.confirmed == process_end.ORDERLY
    assert (process.folder / "hook").exists()


def test_a_lost_lease_ends_it_at_once_with_its_own_confirmed_status(start: Callable[..., ShardProcess]) -> None:
    process = start(LINGERS)
    process.records(1)
    process.wait_for_checkpoint(1)
    process.memory.lose()
    process.records(2)
    assert process.wait() == process_end.LEASE_LOST
    assert process.confirmed == process_end.LEASE_LOST


def test_a_status_that_a_handler_chose_is_not_confirmed(start: Callable[..., ShardProcess]) -> None:
    process = start(f"import os\ndef handle(event, context): os._exit({process_end.LEASE_LOST})")
    process.records(1)
    assert process.wait() == process_end.LEASE_LOST
    assert not process.trials_path.exists() or process.confirmed == 0


def test_actions_that_cannot_be_built_any_more_have_a_status(start: Callable[..., ShardProcess]) -> None:
    process = start("raise SystemExit(0)")
    assert process.wait() == process_end.ACTIONS
    assert process.confirmed == process_end.ACTIONS
    process.wait_for_event("shard.failed")


def test_a_process_that_cannot_begin_is_a_defect(start: Callable[..., ShardProcess]) -> None:
    process = start(LINGERS, env={shard_environment.LEASE_FILE: "/nowhere"})
    assert process.wait() == process_end.DEFECT
    assert process.confirmed == process_end.DEFECT


def test_a_message_that_it_does_not_understand_is_a_defect(start: Callable[..., ShardProcess]) -> None:
    process = start(LINGERS)
    process.say({"action": "unheard of"})
    assert process.wait() == process_end.DEFECT
    assert process.confirmed == process_end.DEFECT


def test_a_call_that_passes_its_timeout_ends_it_with_its_status(start: Callable[..., ShardProcess]) -> None:
    process = start(HANGS, timeout="300ms")
    process.records(1, 2)
    assert process.wait() == process_end.CALL_TIMEOUT
    assert process.confirmed == process_end.CALL_TIMEOUT
    assert process.wait_for_event("handler.timeout")["where"].endswith("handlers.py:6 in handle")


def test_a_stop_at_the_shards_end_lets_the_calls_end_and_saves_the_end_where_all_is_done(
    start: Callable[..., ShardProcess],
) -> None:
    process = start(WAITS, grace_millis="20000")
    process.records(1, 2, 3)
    wait_for((process.folder / "hangs").exists, "the call")
    process.say({"action": "shardEnded"})
    process.memory.ask_to_stop()
    (process.folder / "go").touch()
    process.wait_for_event("shard.ended")
    assert process.close() == process_end.ORDERLY
    assert process.checkpoints[-1] is None


def test_a_call_that_is_cut_off_by_a_stop_at_the_shards_end_is_named(start: Callable[..., ShardProcess]) -> None:
    process = start(HANGS)
    process.records(1, 2, 3)
    wait_for((process.folder / "hangs").exists, "the call")
    process.say({"action": "shardEnded"})
    process.memory.ask_to_stop()
    assert process.wait() == process_end.STOPPED
    assert process.confirmed == process_end.STOPPED
    assert process.checkpoints[-1] == "1"
    cut_off = process.wait_for_event("shard.stopped")
    assert (cut_off["action"], cut_off["sequence_number"], cut_off["level"]) == ("orders", "2", "warning")


def test_what_a_handler_forks_holds_no_channel_goes_on_with_nothing_and_can_be_ended(
    start: Callable[..., ShardProcess],
) -> None:
    process = start(FORKS, env={shard_environment.PROCESS: "a marker"})
    process.records(1, 2, 3)
    process.wait_for_checkpoint(3)
    (_, returned), (program, forked), (_, left) = (
        map(int, line.split()) for line in (process.folder / "pids").read_text().splitlines()
    )
    wait_for(lambda: not is_running(returned) and not is_running(left), "processes that leave the handler end", 5)
    assert not process.of("delivery.blocked")
    assert os.getpgid(program) == os.getpgid(forked) == process.process.pid
    pipes = _pipes(process.process.pid)
    channel = set(pipes.values()) - {pipes[1], pipes[2]}
    assert len(channel) >= 2
    for pid in (program, forked):
        assert not set(_pipes(pid).values()) & channel
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not is_running(program) and not is_running(forked), "SIGTERM ends both", seconds=5)
    assert [message["action"] for message in process.said].count("status") == len(process.said) - len(
        process.checkpoints
    )


def _pipes(pid: int) -> dict[int, str]:
    """The pipes that a process has open, by descriptor."""
    files = {int(file.name): str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()}
    return {number: name for number, name in files.items() if name.startswith("pipe:")}
