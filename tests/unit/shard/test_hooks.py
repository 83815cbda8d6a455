"""`startup` and `shutdown` of `python` actions, in the real process of a shard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from record_processor.system import process_end
from tests.harness import wait_for
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HANDLER = """
import asyncio, os, pathlib, time

def note(text):
    with open("notes", "a") as file:
        print(text, file=file)

def handle(event, context):
    note("record " + event["Records"][0]["dynamodb"]["SequenceNumber"])
    while pathlib.Path("hang").exists():
        time.sleep(0.01)
"""
PLAIN = """
def begin(): note("startup")
def end(): note("shutdown")
"""
# Both in the loop of the handlers: what belongs to a loop may be made in one and used in the other.
ASYNC = """
async def begin():
    global loop
    loop = asyncio.get_running_loop()
    note("startup")
async def end():
    assert loop is asyncio.get_running_loop()
    note("shutdown")
"""
HOOKS = {"startup": "handlers:begin", "shutdown": "handlers:end"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ShardProcess]]:
    running: list[ShardProcess] = []

    def begin(code: str = PLAIN, actions: int = 1, **settings: Any) -> ShardProcess:
        action = python_action(tmp_path, HANDLER + code, **{**HOOKS, **settings})
        running.append(ShardProcess(tmp_path, [{**action, "name": f"orders-{number}"} for number in range(actions)]))
        return running[-1].initialize()

    yield begin
    for process in running:
        process.kill()


def notes(shard: ShardProcess) -> list[str]:
    path = shard.folder / "notes"
    return path.read_text().splitlines() if path.exists() else []


def lose_lease(shard: ShardProcess) -> None:
    shard.say({"action": "leaseLost"})


def is_told_to_stop(shard: ShardProcess) -> None:
    shard.memory.ask_to_stop()
    shard.say({"action": "shutdownRequested"})
    lose_lease(shard)


def finds_its_lease_lost(shard: ShardProcess) -> None:
    shard.memory.lose()
    shard.records()


@pytest.mark.parametrize(
    ("code", "end"),
    [(PLAIN, lose_lease), (ASYNC, lose_lease), (ASYNC, is_told_to_stop), (PLAIN, finds_its_lease_lost)],
)
def test_startup_comes_before_the_first_record_and_shutdown_after_the_last_however_the_process_is_ended(
    start: Callable[..., ShardProcess], code: str, end: Callable[[ShardProcess], None]
) -> None:
    shard = start(code)
    shard.records(1)
    shard.wait_for_checkpoint(1)
    end(shard)
    shard.close()
    assert notes(shard) == ["startup", "record 1", "shutdown"]


def test_hooks_that_several_actions_name_run_once_for_all_of_them(start: Callable[..., ShardProcess]) -> None:
    shard = start(actions=3)
    shard.records(1)
    shard.wait_for_checkpoint(1)
    lose_lease(shard)
    assert shard.close() == process_end.ORDERLY
    assert notes(shard) == ["startup", *["record 1"] * 3, "shutdown"]


def test_shutdown_runs_beside_a_call_that_was_cut_off(start: Callable[..., ShardProcess], tmp_path: Path) -> None:
    (tmp_path / "hang").touch()
    shard = start()
    shard.records(1)
    wait_for(lambda: notes(shard) == ["startup", "record 1"], "the call")
    is_told_to_stop(shard)
    assert shard.close() == process_end.ORDERLY
    assert notes(shard)[-1] == "shutdown"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def begin(): raise OSError('no database')", "OSError: no database"),
        ("async def begin(): raise OSError('no database')", "OSError: no database"),
        ("def begin(): time.sleep(60)", "took longer than the action's timeout, 0.2 s"),
        ("async def begin(): await asyncio.sleep(60)", "timeout"),
    ],
)
def test_where_startup_fails_no_record_is_taken_and_the_process_ends_to_be_started_again(
    start: Callable[..., ShardProcess], code: str, says: str
) -> None:
    shard = start(f"{code}\ndef end(): note('shutdown')", timeout="200ms")
    shard.records(1)
    assert shard.wait() == shard.confirmed == process_end.ACTIONS
    (failed,) = shard.of("handler.startup_failed")
    assert says in failed["message"]
    assert (failed["level"], failed["action"]) == ("error", "orders-0")
    assert shard.checkpoints == notes(shard) == []


def test_a_startup_that_takes_long_keeps_no_stop_waiting(start: Callable[..., ShardProcess]) -> None:
    shard = start("def begin():\n  note('startup')\n  time.sleep(60)\ndef end(): note('shutdown')")
    wait_for(lambda: notes(shard) == ["startup"], "startup")
    shard.memory.ask_to_stop()
    assert shard.wait() == process_end.STOPPED
    assert notes(shard) == ["startup"]


@pytest.mark.parametrize(
    ("code", "says"),
    [("raise OSError('gone')", "OSError: gone"), ("time.sleep(60)", "took longer than 0.4 s")],
)
def test_a_shutdown_that_fails_or_hangs_is_named_and_ends_with_its_process(
    start: Callable[..., ShardProcess], code: str, says: str
) -> None:
    shard = start(f"def begin(): pass\ndef end(): {code}")
    lose_lease(shard)
    assert shard.close() == process_end.ORDERLY
    (failed,) = shard.of("handler.shutdown_failed")
    assert says in failed["message"]
