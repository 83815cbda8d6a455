"""A table's stream that is replaced, while a worker runs and while none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Database, Worker

    StartWorker = Callable[..., Worker]

ACTIONS = "actions: [{name: audit, type: file, path: out.jsonl}]\n"
NEW: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def arn_of(database: Database, table: str) -> str:
    return database.client.describe_table(TableName=table)["Table"]["LatestStreamArn"]


def made_anew(database: Database, table: str) -> tuple[str, str]:
    """The ARNs of the old stream and the new one; a change in between is in neither."""
    old = arn_of(database, table)
    database.client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    database.put(table, "in no stream")
    database.client.update_table(TableName=table, StreamSpecification=NEW)
    return old, arn_of(database, table)


def ids(worker: Worker) -> list[str]:
    return [line["dynamodb"]["Keys"]["id"]["S"] for line in worker.lines("out.jsonl")]


def assert_told(worker: Worker, table: str, old: str, new: str) -> None:
    (replaced,) = worker.wait_for_event("stream.replaced")
    assert (replaced["table"], replaced["old_stream_arn"], replaced["new_stream_arn"]) == (table, old, new)
    assert replaced["lost_after"] < replaced["lost_before"]
    (adopted,) = worker.wait_for_event("stream.adopted")
    assert adopted["new_stream_arn"] == new


def test_a_stream_made_anew_while_no_worker_ran_is_read_at_once_and_after_the_rest_of_the_old_one(
    database: Database, worker: StartWorker
) -> None:
    table = database.table()
    made = worker(table, actions=ACTIONS, streamCheckIntervalMillis="300")
    made.wait_for_event("shard.started")
    made.stop()
    database.put(table, "rest of the old one")
    old, new = made_anew(database, table)
    database.put(table, "2")
    later = worker(table, actions=ACTIONS, streamCheckIntervalMillis="300")
    wait_for(lambda: len(ids(later)) == 2, "all changes that are in a stream\n" + "".join(later.raw[-20:]), 60)
    assert ids(later) == ["rest of the old one", "2"]
    assert_told(later, table, old, new)
    assert later.stop() == 0


def test_a_stream_made_anew_while_a_worker_runs_is_found_and_read_from_its_beginning(
    database: Database, worker: StartWorker
) -> None:
    table = database.table()
    running = worker(table, actions=ACTIONS, streamCheckIntervalMillis="300")
    database.put(table, "1")
    wait_for(lambda: ids(running) == ["1"], "the change before")
    old, new = made_anew(database, table)
    database.put(table, "2")
    wait_for(lambda: ids(running) == ["1", "2"], "the change in the new stream\n" + "".join(running.raw[-20:]), 60)
    assert_told(running, table, old, new)
    assert running.stop() == 0
