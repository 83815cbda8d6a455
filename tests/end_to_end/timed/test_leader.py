"""The shards of a leader that dies are processed again within the failover time and five seconds."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness import Database, Worker, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    StartWorker = Callable[..., Worker]

FAILOVER_SECONDS = 5.0
# The promise is the failover time and five seconds; the rest is for a machine that is busy with everything at once.
NOISE_SECONDS = 3.0
BOUND_SECONDS = FAILOVER_SECONDS + 5.0 + NOISE_SECONDS
TO_FILE = "actions: [{name: audit, type: file, path: '{table}.jsonl'}]"


def owners(database: Database, application: str) -> dict[str, str]:
    leases = database.leases(application)
    return {lease["leaseKey"]["S"]: lease.get("leaseOwner", {}).get("S", "") for lease in leases}


def all_saved(database: Database, application: str) -> bool:
    return all(lease["checkpoint"]["S"].isdecimal() for lease in database.leases(application))


def start_two(database: Database, worker: StartWorker, tables: list[str]) -> tuple[Worker, Worker]:
    """The first leads and has half of the shards; so has the second."""
    more = {"failoverTimeMillis": str(int(FAILOVER_SECONDS * 1000))}
    first = worker(*tables, actions=TO_FILE, workerId="one", maxLeasesForWorker=str(len(tables) // 2), **more)
    wait_for(lambda: database.leader(first.application) == "one", "the first leads")
    second = worker(*tables, actions=TO_FILE, workerId="two", **more)

    def shared() -> bool:
        found = sorted(owners(database, first.application).values())
        return found == ["one"] * (len(tables) // 2) + ["two"] * (len(tables) // 2)

    wait_for(shared, "each has half of the shards")
    return first, second


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGSTOP])
def test_a_dead_leaders_shards_are_processed_again_within_the_bound(
    database: Database, worker: StartWorker, death: signal.Signals
) -> None:
    tables = [database.table() for _ in range(4)]
    first, second = start_two(database, worker, tables)
    for table in tables:
        database.put(table, "before")
        first.wait_for_lines(f"{table}.jsonl", 1)
    wait_for(lambda: all_saved(database, first.application), "what was done is checkpointed")
    victims = [first.process.pid, *first.family()]
    for pid in victims:
        os.kill(pid, death)
    died = time.monotonic()
    for table in tables:
        database.put(table, "after")
    for table in tables:
        second.wait_for_lines(f"{table}.jsonl", 2)
    took = time.monotonic() - died
    if death == signal.SIGSTOP:
        for pid in reversed(victims):
            os.kill(pid, signal.SIGCONT)
    assert took <= BOUND_SECONDS, f"{took:.1f} s"
    assert set(owners(database, first.application).values()) == {"two"} or death == signal.SIGSTOP
    for table in tables:  # nothing is done twice either: all of it was checkpointed, or was never started
        lines = second.lines(f"{table}.jsonl")
        assert [line["dynamodb"]["Keys"]["id"]["S"] for line in lines] == ["before", "after"]


def test_a_leader_that_stops_is_succeeded_at_once(database: Database, worker: StartWorker) -> None:
    tables = [database.table() for _ in range(2)]
    first, second = start_two(database, worker, tables)
    assert first.stop() == 0
    stopped = time.monotonic()
    wait_for(lambda: database.leader(second.application) == "two", "the second leads", seconds=5)
    for table in tables:
        database.put(table, "after")
        second.wait_for_lines(f"{table}.jsonl", 1)
    assert time.monotonic() - stopped < 5 + NOISE_SECONDS


def test_a_slow_heartbeat_alone_takes_no_lease_from_a_leader_that_lives(
    database: Database, worker: StartWorker
) -> None:
    """The test takes the lock from the leader, over and over; its leases keep being renewed, so they stay."""
    tables = [database.table() for _ in range(4)]
    first, _ = start_two(database, worker, tables)
    table: Any = f"{first.application}-CoordinatorState"
    end = time.monotonic() + FAILOVER_SECONDS + 3
    while time.monotonic() < end:  # a lock whose version does not change looks like that of a dead leader
        database.client.update_item(
            TableName=table,
            Key={"key": {"S": "Leader"}},
            UpdateExpression="SET ownerName = :one, recordVersionNumber = :still, leaseDuration = :long",
            ExpressionAttributeValues={":one": {"S": "one"}, ":still": {"S": "still"}, ":long": {"S": "600000"}},
        )
        time.sleep(0.1)
    assert sorted(owners(database, first.application).values()) == ["one", "one", "two", "two"]
    assert not first.of("lease.lost")
