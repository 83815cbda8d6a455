"""Failing sinks, killed processes and lost leases, on the real chain."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness import Database, Worker, run_command, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    StartWorker = Callable[..., Worker]

POISON = "0500"
IDS = [f"{number:04}" for number in range(1000)]

# Appends each record's id, the process and the time; fails as files in the working directory say.
SHOP = """
import os, pathlib, time
def handle(event, context):
    names = [record['dynamodb']['Keys']['id']['S'] for record in event['Records']]
    with open('begun', 'a') as file:
        file.write(f'{os.getpid()} {time.monotonic_ns()}\\n')
    if pathlib.Path('down').exists():
        raise RuntimeError('sink is down')
    if pathlib.Path('poison').exists() and pathlib.Path('poison').read_text() in names:
        raise RuntimeError('poison')
    time.sleep(float(pathlib.Path('slow').read_text()) if pathlib.Path('slow').exists() else 0)
    with open('handled', 'a') as file:
        file.write(''.join(name + '\\n' for name in names))
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)


def actions(**more: Any) -> str:
    return json.dumps({"actions": [{"name": "shop", "type": "python", "handler": "shop:handle", **more}]})


def handled(folder: Path) -> list[str]:
    path = folder / "handled"
    return path.read_text().split() if path.exists() else []


def begun(folder: Path) -> list[tuple[int, int]]:
    """Process id and monotonic nanoseconds of each call."""
    lines = (folder / "begun").read_text().splitlines()
    return [(int(line.split()[0]), int(line.split()[1])) for line in lines]


def letters(folder: Path) -> list[str]:
    path = folder / "dead" / "shop.jsonl"
    return [json.loads(line)["sequence_number"] for line in path.read_text().splitlines()] if path.exists() else []


def dead_ids(folder: Path) -> list[str]:
    lines = (folder / "dead" / "shop.jsonl").read_text().splitlines()
    return [json.loads(line)["record"]["dynamodb"]["Keys"]["id"]["S"] for line in lines]


def test_a_poison_record_holds_the_shard_by_default_and_loudly(
    database: Database, worker: StartWorker, tmp_path: Path
) -> None:
    table = database.table("KEYS_ONLY")
    database.put_many(table, IDS[:600])
    (tmp_path / "poison").write_text(POISON)
    running = worker(table, actions=actions())
    blocked = running.wait_for_event("delivery.blocked", 3)[-1]
    assert blocked["action"] == "shop"
    assert blocked["attempts"] >= 3
    assert {"sequence_number", "next_try_seconds", "blocked_seconds", "shard_id", "table"} <= blocked.keys()
    assert handled(tmp_path) == IDS[:500]
    (tmp_path / "poison").unlink()
    wait_for(lambda: handled(tmp_path) == IDS[:600], "the rest, in order, once it is mended")


def test_bisecting_sends_exactly_the_poison_to_the_dead_letters_and_replay_brings_it_back(
    database: Database, worker: StartWorker, tmp_path: Path
) -> None:
    table = database.table("KEYS_ONLY")
    database.put_many(table, IDS)
    (tmp_path / "poison").write_text(POISON)
    retry = {"retry": {"max_attempts": 2}, "dead_letter": {"type": "file", "path": "dead/"}}
    running = worker(table, actions=actions(batch={"size": 100}, bisect_on_error=True, **retry))
    wait_for(lambda: set(handled(tmp_path)) == set(IDS) - {POISON}, "all but the poison")
    assert handled(tmp_path) == [name for name in IDS if name != POISON]
    assert dead_ids(tmp_path) == [POISON]
    assert running.stop() == 0

    def replay(*arguments: str) -> Any:
        return run_command("replay", running.properties_path.name, "dead/", *arguments, cwd=tmp_path)

    assert "1 would be replayed" in replay("--dry-run").stdout
    failing = replay()
    assert failing.returncode == 1
    assert "failed again: RuntimeError: poison" in failing.stderr
    assert dead_ids(tmp_path) == [POISON]
    (tmp_path / "poison").unlink()
    unknown = replay("--action", "shp")
    assert (unknown.returncode, "did you mean 'shop'?" in unknown.stderr) == (2, True)
    assert "1 succeeded and were removed, 0 failed" in replay("--action", "shop").stdout
    assert letters(tmp_path) == []
    assert handled(tmp_path)[-1] == POISON


def test_a_sink_that_is_down_for_longer_than_the_longest_wait_between_two_tries_costs_nothing_but_time(
    database: Database, worker: StartWorker, tmp_path: Path
) -> None:
    table = database.table("KEYS_ONLY")
    running = worker(table, actions=actions(batch={"size": 50}))
    database.put_many(table, IDS[:100])
    wait_for(lambda: len(handled(tmp_path)) == 100, "the first hundred")
    (tmp_path / "down").touch()
    down_since = time.monotonic()
    database.put_many(table, IDS[100:300])
    while time.monotonic() - down_since < 40:  # the outage itself
        assert running.process.poll() is None
        time.sleep(1)
    assert len(handled(tmp_path)) == 100
    (tmp_path / "down").unlink()
    wait_for(lambda: len(handled(tmp_path)) == 300, "the rest")
    assert handled(tmp_path) == IDS[:300]
    assert running.stop() == 0


@pytest.mark.parametrize("victim", ["child", "jvm", "worker"])
def test_a_kill_in_the_middle_of_a_batch_loses_nothing(
    database: Database, worker: StartWorker, tmp_path: Path, victim: str
) -> None:
    table = database.table("KEYS_ONLY")
    database.put_many(table, IDS[:300])
    (tmp_path / "slow").write_text("0.05")
    running = worker(table, actions=actions(batch={"size": 10}))
    wait_for(lambda: len(handled(tmp_path)) >= 50, "some of them")
    everything = [running.process.pid, *running.family()]  # at once, as when a host loses power
    for pid in {"child": running.children(), "jvm": [running.jvm()], "worker": everything}[victim]:
        os.kill(pid, signal.SIGKILL)
    if victim != "child":
        running.process.wait(30)
        worker(table, actions=actions(batch={"size": 10}))
    wait_for(lambda: set(handled(tmp_path)) == set(IDS[:300]), "all of them")
    assert_order_goes_back_only_by_replay(handled(tmp_path), restarts=1)


def assert_order_goes_back_only_by_replay(names: list[str], restarts: int) -> None:
    back = [position for position in range(1, len(names)) if names[position] <= names[position - 1]]
    assert len(back) <= restarts, f"order goes back at {back}"


def take_lease(database: Database, application: str) -> str:
    """Another worker's hand: what KCL's own taking writes into the lease table."""
    (lease,) = [lease for lease in database.leases(application) if "leaseOwner" in lease]
    database.client.update_item(
        TableName=application,
        Key={"leaseKey": lease["leaseKey"]},
        UpdateExpression="SET leaseOwner = :owner, leaseCounter = leaseCounter + :one",
        ExpressionAttributeValues={":owner": {"S": "another"}, ":one": {"N": "1"}},
    )
    return str(lease["leaseOwner"]["S"])


def test_a_lease_taken_in_the_middle_of_a_retry_ends_the_retry(
    database: Database, worker: StartWorker, tmp_path: Path
) -> None:
    table = database.table("KEYS_ONLY")
    database.put_many(table, IDS[:1])
    (tmp_path / "down").touch()
    running = worker(table, actions=actions(), failoverTimeMillis="6000")
    running.wait_for_event("delivery.blocked", 3)
    (child,) = running.children()
    take_lease(database, running.application)
    running.wait_for_event("lease.lost")
    tries_of_child = [moment for pid, moment in begun(tmp_path) if pid == child]
    wait_for(lambda: child not in running.children(), "the old child is gone")
    assert len([moment for pid, moment in begun(tmp_path) if pid == child]) == len(tries_of_child)
    assert not [event for event in running.of("kcl") if event["level"] == "error"]


def asleep(worker: Worker) -> list[int]:
    """SIGSTOP for longer than the failover time, as a paused virtual machine; the processes that were stopped."""
    paused = [worker.process.pid, *worker.family()]
    for pid in paused:
        os.kill(pid, signal.SIGSTOP)
    return paused


def awake(paused: list[int]) -> None:
    for pid in reversed(paused):
        os.kill(pid, signal.SIGCONT)


def test_a_worker_that_slept_past_its_leases_begins_nothing_more_once_another_has_them(
    database: Database, worker: StartWorker, tmp_path: Path
) -> None:
    table = database.table("KEYS_ONLY")
    database.put_many(table, IDS[:200])
    (tmp_path / "slow").write_text("0.1")
    first = worker(table, actions=actions())
    wait_for(lambda: len(handled(tmp_path)) >= 5, "the first worker is at it")
    (old_child,) = first.children()
    second = worker(table, actions=actions(), workerId="second")
    wait_for(lambda: database.has_metrics(second.application, "second"), "it may get leases")
    paused = asleep(first)
    stopped_at = time.monotonic_ns()
    second.wait_for_event("shard.started")
    awake(paused)
    wait_for(lambda: old_child not in first.children(), "the old child gave up")
    # The call that was running when it fell asleep may end; none began after that.
    assert [moment for pid, moment in begun(tmp_path) if pid == old_child and moment > stopped_at] == []
    (tmp_path / "slow").unlink()
    wait_for(lambda: set(handled(tmp_path)) == set(IDS[:200]), "all of them, by whoever has the lease now")


def test_a_worker_that_slept_past_leases_nobody_else_wanted_goes_on_with_what_it_has_in_hand(
    database: Database, worker: StartWorker, tmp_path: Path
) -> None:
    table = database.table("KEYS_ONLY")
    database.put_many(table, IDS[:200])
    (tmp_path / "slow").write_text("0.02")
    only = worker(table, actions=actions(), failoverTimeMillis="1000")
    wait_for(lambda: len(handled(tmp_path)) >= 5, "it is at it")
    (child,) = only.children()
    paused = asleep(only)
    time.sleep(2)  # the lease runs out while nobody is awake: this waits for the clock, which is the point
    awake(paused)
    wait_for(lambda: len(handled(tmp_path)) >= 200, "all of them")
    assert handled(tmp_path) == IDS[:200], "once each, in order"
    assert only.children() == [child]
