"""Records per second through one shard with 80,000 waiting: `python -m bench.throughput`.

Compared in one run: the `file` action, a handler that does nothing, and what a user would otherwise write, a processor
on stock kclpy that decodes with json and appends to a file (`bench/stock_processor.py`), under the same JVM.
"""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from record_processor.local.ministack import LOOPBACK, started
from tests.harness import Database, Worker, descendants, wait_for
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS = 80_000
_PAD = "x" * 60
_NOTHING = "def handle(event, context):\n    pass\n"


def fill(database: Database) -> str:
    table = database.table("NEW_IMAGE")

    def write(start: int) -> None:
        items = [
            {"id": {"S": f"{number:08}"}, "n": {"N": str(number)}, "pad": {"S": _PAD}}
            for number in range(start, start + 25)
        ]
        puts: Any = [{"PutRequest": {"Item": item}} for item in items]
        database.client.batch_write_item(RequestItems={table: puts})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(0, RECORDS, 25)))
    return table


def cpu_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


def checkpointed(database: Database, application: str) -> str:
    return max((lease["checkpoint"]["S"] for lease in database.leases(application)), default="")


def measure(name: str, database: Database, table: str, actions: str, **properties: str) -> float:
    """Return records per second, from the shard's start until the last record is checkpointed."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "noop.py").write_text(_NOTHING)
        application = f"bench-{uuid.uuid4().hex[:8]}"
        more = {"checkpointIntervalMillis": "1000", "failoverTimeMillis": "10000", **properties}
        # DynamoDB allows five reads per second and shard, which would hide what the worker itself can do.
        more["idleTimeBetweenReadsInMillis"] = "1"
        worker = Worker(Path(folder), database, application, (table,), actions, more)
        try:
            wait_for(lambda: len(descendants(worker.process.pid)) >= 2, "the child starts")
            begun = time.monotonic()
            wait_for(lambda: checkpointed(database, application) == _last[table], "all is checkpointed", 600)
            seconds = time.monotonic() - begun
            family = worker.family()
            jvm = worker.jvm()
            child_cpu = cpu_seconds([pid for pid in family if pid != jvm])
            print(
                f"{name:28} {RECORDS / seconds:8.0f} records/s   child {child_cpu / RECORDS * 1e6:5.1f} µs CPU a record"
                f"   JVM {cpu_seconds([jvm]) / RECORDS * 1e6:5.1f} µs"
            )
            return RECORDS / seconds
        finally:
            worker.end()


_last: dict[str, str] = {}
"""The last sequence number of each table's stream."""


def note_last(database: Database, table: str) -> None:
    from record_processor.tools.peek import client

    dynamodb, streams = client(database.endpoint, "us-west-2", None)
    arn = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    position, last = iterator["ShardIterator"], ""
    while True:
        page = streams.get_records(ShardIterator=position, Limit=1000)
        if not page["Records"]:
            break
        last = page["Records"][-1]["dynamodb"]["SequenceNumber"]
        position = page["NextShardIterator"]
    _last[table] = last


def main() -> None:
    port = free_port()
    with started(port):
        database = Database(f"http://{LOOPBACK}:{port}")
        print(f"writing {RECORDS} records of about 300 bytes …")
        table = fill(database)
        note_last(database, table)
        stock = f"{sys.executable} {Path(__file__).with_name('stock_processor.py')}"
        runs: list[Callable[[], float]] = [
            lambda: measure("file action", database, table, "actions: [{name: audit, type: file, path: audit.jsonl}]"),
            lambda: measure(
                "nothing (python handler)",
                database,
                table,
                "actions: [{name: n, type: python, handler: 'noop:handle'}]",
            ),
            lambda: measure(
                "stock kclpy, json, file", database, table, "actions: [{name: unused, type: log}]", executableName=stock
            ),
        ]
        file, _, stock_rate = [run() for run in runs]
        print(f"file action / stock kclpy: {file / stock_rate:.2f}")


if __name__ == "__main__":
    main()
