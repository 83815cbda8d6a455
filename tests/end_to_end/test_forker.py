"""A worker whose shard processes are forked: what the end of the one that forks them costs."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness import Database, Worker, command_line, is_running, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    StartWorker = Callable[..., Worker]

TO_FILE = "actions: [{name: audit, type: file, path: '{table}.jsonl'}]"


def forkers(worker: Worker) -> list[int]:
    return [pid for pid in worker.family() if "--forker" in command_line(pid)]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def ids(worker: Worker, table: str) -> list[str]:
    return [line["dynamodb"]["Keys"]["id"]["S"] for line in worker.lines(f"{table}.jsonl")]


def test_when_the_forker_dies_every_shard_goes_on_in_processes_of_a_new_one(
    database: Database, worker: StartWorker
) -> None:
    tables = (database.table(), database.table())
    running = worker(*tables, actions=TO_FILE)
    running.wait_for_event("shard.started", 2)
    (forker,) = forkers(running)
    before = running.children()
    assert {parent(pid) for pid in before} == {forker}
    for table in tables:
        database.put_many(table, ["a", "b"])
    os.kill(forker, signal.SIGKILL)
    for table in tables:
        database.put_many(table, ["c", "d"])
    (ended,) = running.wait_for_event("forker.ended")
    assert (ended["level"], ended["status"], ended["pid"]) == ("warning", 137, forker)
    running.wait_for_event("shard.started", 4)
    for table in tables:
        wait_for(lambda table=table: set(ids(running, table)) == set("abcd"), "all records", 30)  # type: ignore[misc]
    ends = running.wait_for_event("shard.process_ended", 2)
    assert {(end["reason"], end["signal"]) for end in ends} == {("killed", "SIGKILL")}
    assert not [pid for pid in before if is_running(pid)]
    (new,) = forkers(running)
    assert {parent(pid) for pid in running.children()} == {new}
    assert running.stop() == 0


def test_without_a_warm_parent_each_shard_process_is_started_by_the_jvm(
    database: Database, worker: StartWorker
) -> None:
    table = database.table()
    running = worker(table, actions=TO_FILE, warmParent="off")
    database.put(table, "a")
    wait_for(lambda: ids(running, table) == ["a"], "the record", 30)
    assert not forkers(running)
    assert [parent(pid) for pid in running.children()] == [running.jvm()]
    assert running.stop() == 0
