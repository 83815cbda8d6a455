"""Workers on a stream with several shards that split and roll over."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.shop import FAILS_WHILE_DOWN, outage
from tests.harness import Database, Worker, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]

TO_FILE = "actions: [{name: audit, type: file, path: '{table}.jsonl'}]"
ITEMS = 40


class Writer(threading.Thread):
    """Keeps changing items, each with its own counter."""

    def __init__(self, database: Database, table: str) -> None:
        super().__init__(daemon=True)
        self._database = database
        self._table = table
        self._stop_asked = threading.Event()
        self.written: dict[str, int] = defaultdict(int)

    def run(self) -> None:
        while not self._stop_asked.is_set():
            for item in range(ITEMS):
                name = f"item-{item}"
                self._database.put(self._table, name, n={"N": str(self.written[name] + 1)})
                self.written[name] += 1
            time.sleep(0.05)

    def end(self) -> dict[str, int]:
        self._stop_asked.set()
        self.join(30)
        return dict(self.written)


def counters(lines: list[dict[str, Any]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        change = line["dynamodb"]
        found[change["Keys"]["id"]["S"]].append(int(change["NewImage"]["n"]["N"]))
    return found


def everything(written: dict[str, int]) -> dict[str, list[int]]:
    return {item: list(range(1, count + 1)) for item, count in written.items()}


@pytest.mark.parametrize("streams", [1, 2])
def test_children_of_an_ended_shard_are_read_at_once_and_nothing_is_lost_or_turned(
    database: Database, worker: StartWorker, busy: BusyStream, streams: int
) -> None:
    tables = [database.table() for _ in range(streams)]
    arns = [busy.show(table, 4) for table in tables]
    running = worker(*tables, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    writers = [Writer(database, table) for table in tables]
    for writer in writers:
        writer.start()
    running.wait_for_event("shard.started", 4 * streams)
    ended = time.monotonic()
    for arn in arns:
        busy.command("end", arn=arn, at=0, into=2)
        busy.command("end", arn=arn, at=1, into=1)
    running.wait_for_event("shard.started", 7 * streams, seconds=60)
    took = time.monotonic() - ended
    for table, writer in zip(tables, writers, strict=True):
        expected = everything(writer.end())

        def arrived(table: str = table, expected: dict[str, list[int]] = expected) -> bool:
            return counters(running.lines(f"{table}.jsonl")) == expected

        wait_for(arrived, "every change, once and in order per item")
    # Without a repair this takes until the periodic sync, minutes later.
    assert took < 20, f"the children began {took:.1f} s after the end of their parents"
    assert running.stop() == 0


NOTES_UNLESS_DOWN = (
    FAILS_WHILE_DOWN
    + """
    with open("handled", "a") as file:
        file.writelines(record["dynamodb"]["Keys"]["id"]["S"] + "\\n" for record in event["Records"])
"""
)


# Asked at once, before the owner knows that the lease is its own; and when it has renewed it already.
@pytest.mark.parametrize("counter", [1, 3])
def test_a_handoff_asked_for_while_a_shard_waits_for_its_parent_is_not_forgotten(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path, counter: int
) -> None:
    down = outage(database, worker, busy, tmp_path, handler=NOTES_UNLESS_DOWN, item="before", workerId="old")
    running = down.worker
    (child,) = busy.command("end", arn=down.arn, at=0, into=1)
    database.put(down.table, "after")

    def lease() -> dict[str, Any]:
        (found, *_) = [one for one in database.leases(running.application) if one["leaseKey"]["S"] == child] or [{}]
        return found

    wait_for(lambda: int(lease().get("leaseCounter", {"N": "0"})["N"]) >= counter, "the child's lease has an owner")
    database.client.update_item(
        TableName=running.application,
        Key={"leaseKey": {"S": child}},
        UpdateExpression="SET leaseOwner = :new, checkpointOwner = :old",
        ExpressionAttributeValues={":new": {"S": "new"}, ":old": {"S": "old"}},
    )
    time.sleep(3)  # the owner hears of it on its next renewal, and nothing tells of that
    down.mend()
    wait_for(lambda: "checkpointOwner" not in lease(), "it is handed over", seconds=20)
    # There is no such worker, so the lease runs out and comes back.
    handled = tmp_path / "handled"
    wait_for(lambda: handled.exists() and handled.read_text().split() == ["before", "after"], "the child is read")


@pytest.mark.parametrize("choice", ["continue", "stop"])
def test_trimmed_records_are_said_loudly_and_the_setting_decides_what_then(
    database: Database, worker: StartWorker, busy: BusyStream, choice: str
) -> None:
    table = database.table()
    arn = busy.show(table, 1)
    first = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint)
    database.put(table, "a")
    (line,) = first.wait_for_lines(f"{table}.jsonl", 1)
    assert first.stop() == 0
    database.put_many(table, ["lost-1", "lost-2"])
    gone = itertools.accumulate(busy.command("trim", arn=arn) for _ in itertools.count())
    wait_for(lambda: next(gone) == 3, "a day goes by")
    database.put(table, "b")
    second = worker(table, actions=TO_FILE, kinesisEndpoint=busy.endpoint, trimmedData=choice)
    (said, *_) = second.wait_for_event("data.trimmed")
    (shard,) = busy.command("shards", arn=arn)
    expected = {
        "level": "error",
        "table": table,
        "shard_id": shard["ShardId"],
        "lost_after_sequence_number": line["dynamodb"]["SequenceNumber"],
    }
    assert expected.items() <= said.items()
    assert said["count"] >= 1
    if choice == "continue":
        lines = second.wait_for_lines(f"{table}.jsonl", 2)
        assert [one["dynamodb"]["Keys"]["id"]["S"] for one in lines] == ["a", "b"]
    else:
        second.wait_for_event("data.trimmed", 3)
        assert len(second.lines(f"{table}.jsonl")) == 1
    assert second.stop() == 0
