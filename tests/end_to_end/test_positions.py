"""Where a shard continues that has seen nothing yet, and what happens to a stream that is left out for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.busy_stream.test_busy_stream import all_there, client
from tests.harness import Database, Worker, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]

TO_FILE = "actions: [{name: audit, type: file, path: '{table}.jsonl'}]"


def ids(worker: Worker, table: str) -> list[str]:
    return [line["dynamodb"]["Keys"]["id"]["S"] for line in worker.lines(f"{table}.jsonl")]


def test_a_shard_begun_at_latest_goes_on_from_there_and_a_stream_that_is_left_out_is_left_alone(
    database: Database, worker: StartWorker
) -> None:
    kept, left_out = database.table(), database.table()
    first = worker(kept, left_out, actions=TO_FILE, initialPositionInStream="LATEST")
    first.wait_for_event("shard.started", 2)
    assert first.stop() == 0
    for table in (kept, left_out):
        database.put(table, "while it was stopped")

    # Left out, with its leases in the table: its shard is left alone, and nothing else is the worse for it.
    second = worker(kept, actions=TO_FILE, initialPositionInStream="LATEST")
    wait_for(lambda: ids(second, kept) == ["while it was stopped"], "what was written in between")
    (unconfigured,) = second.wait_for_event("stream.unconfigured")
    (stream,) = unconfigured["streams"]
    assert left_out in stream
    database.put(kept, "after it")
    wait_for(lambda: ids(second, kept) == ["while it was stopped", "after it"], "what comes then")
    assert second.stop(seconds=10) == 0
    assert [event for event in second.events if event["level"] == "error" or "traceback" in event] == []
    assert len(second.of("shard.started")) == 1
    # Its start is kept for the day when the table is named again.
    (lease,) = [lease for lease in database.leases(second.application) if left_out in lease["leaseKey"]["S"]]
    assert lease["checkpoint"]["S"] == "LATEST"
    assert "latestStartMillis" in lease
    assert "leaseOwner" not in lease


def test_the_children_of_a_shard_begun_at_latest_are_read_from_their_beginning(
    database: Database, worker: StartWorker, busy: BusyStream
) -> None:
    table = database.table()
    arn = busy.show(table, 1, limited=False)
    latest = {"initialPositionInStream": "LATEST", "kinesisEndpoint": busy.endpoint}
    first = worker(table, actions=TO_FILE, **latest)
    first.wait_for_event("shard.started")
    assert first.stop() == 0
    database.put(table, "in the shard")
    all_there(client(busy.endpoint), arn, 1)
    busy.command("end", arn=arn, at=0, into=2)
    database.put(table, "in a child")
    second = worker(table, actions=TO_FILE, **latest)
    wait_for(lambda: ids(second, table) == ["in the shard", "in a child"], "both")
    assert second.stop() == 0
