"""What the leader tells the others, so that they need not ask: how many they are, and that they have new leases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness import Database, Worker, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    StartWorker = Callable[..., Worker]

TO_FILE = "actions: [{name: audit, type: file, path: '{table}.jsonl'}]"


def workers_in_the_lock(database: Database, application: str) -> str:
    """Return what the lock says; nothing before there is a leader, and so a table."""
    if not database.leader(application):
        return ""
    key = {"key": {"S": "Leader"}}
    item = database.client.get_item(TableName=f"{application}-CoordinatorState", Key=key).get("Item", {})
    return item.get("workers", {}).get("N", "")


def note(database: Database, application: str, worker_id: str) -> str:
    key = {"wid": {"S": worker_id}}
    item = database.client.get_item(TableName=f"{application}-WorkerMetricStats", Key=key).get("Item", {})
    return item.get("assigned", {}).get("S", "")


def test_the_lock_has_the_number_of_workers_and_a_worker_is_told_of_its_leases(
    database: Database, worker: StartWorker
) -> None:
    tables = [database.table() for _ in range(2)]
    first = worker(*tables, actions=TO_FILE, workerId="one")
    application = first.application
    wait_for(lambda: workers_in_the_lock(database, application) == "1", "one worker")
    second = worker(*tables, actions=TO_FILE, workerId="two")
    wait_for(lambda: workers_in_the_lock(database, application) == "2", "two workers")
    wait_for(lambda: note(database, application, "two"), "the second is told that a lease is its own")
    wait_for(lambda: second.of("shard.started"), "it reads that shard")
    assert first.stop() == 0
    wait_for(lambda: database.leader(application) == "two", "the second leads")
    wait_for(lambda: workers_in_the_lock(database, application) == "1", "the new leader says that it is alone")
