"""Records per second and CPU per record through one shard with many waiting: `python -m bench.throughput [RECORDS]`.

Compared in one run on one local server: the worker with the `file` action, with a numeric filter in front of it, and
with a handler that does nothing; a Java processor on the same adapter that appends to a file (`java_peer/`); a
processor on stock kclpy that decodes with json (`stock_processor.py`), under our JVM; and a loop with boto3. What was
spent before the shard was read is subtracted. The last record counts when it is in the file or, without a file,
checkpointed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import cpu, peer
from record_processor.local.ministack import LOOPBACK, started
from record_processor.tools.peek import client
from tests.harness import REGION, Database, Worker, descendants, wait_for
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS = 300_000
_PAD = "x" * 60
_NOTHING = "def handle(event, context):\n    pass\n"
_FILE = "actions: [{name: audit, type: file, path: audit.jsonl}]"
_FILTERED = (
    "actions: [{name: audit, type: file, path: audit.jsonl,"
    " filter: {dynamodb: {NewImage: {n: {N: [{numeric: ['>=', 0]}]}}}}}]"
)
_PYTHON = "actions: [{name: n, type: python, handler: 'noop:handle'}]"
_SECONDS = 900.0


class Stream(NamedTuple):
    """A table's stream, and what is in it."""

    table: str
    arn: str
    records: int
    last: str
    """The last record's sequence number."""


class Figures(NamedTuple):
    name: str
    rate: float
    """Records per second."""
    cpu_micros: float
    """Of all processes, per record."""


def fill(database: Database, records: int) -> str:
    table = database.table("NEW_IMAGE")

    def write(start: int) -> None:
        items = [
            {"id": {"S": f"{number:08}"}, "n": {"N": str(number)}, "pad": {"S": _PAD}}
            for number in range(start, start + 25)
        ]
        puts: Any = [{"PutRequest": {"Item": item}} for item in items]
        database.client.batch_write_item(RequestItems={table: puts})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(0, records, 25)))
    return table


def loop(database: Database, table: str) -> tuple[Stream, Figures]:
    """Read all of a stream as a loop with boto3 does, and print each record to a file; find its end that way."""
    dynamodb, streams = client(database.endpoint, REGION, None)
    arn = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    begun, spent = time.monotonic(), time.process_time()
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    position, last, count = iterator["ShardIterator"], "", 0
    with tempfile.TemporaryFile("w") as file:
        while records := (page := streams.get_records(ShardIterator=position, Limit=1000))["Records"]:
            for record in records:
                print(json.dumps(record, default=str), file=file)
            last, count, position = (
                records[-1]["dynamodb"]["SequenceNumber"],
                count + len(records),
                page["NextShardIterator"],
            )
    rate = count / (time.monotonic() - begun)
    micros = (time.process_time() - spent) / count * 1e6
    return Stream(table, arn, count, last), Figures("boto3 in a loop", rate, micros)


def worker(name: str, database: Database, stream: Stream, actions: str, output: str | None, **more: str) -> Figures:
    """Measure our worker; without an output file, until the last record is checkpointed."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "noop.py").write_text(_NOTHING)
        application = f"bench-{uuid.uuid4().hex[:8]}"
        properties = {
            "checkpointIntervalMillis": "1000",
            "failoverTimeMillis": "10000",
            "jvmOptions": "-Xmx256m",
            # DynamoDB allows five reads per second and shard, which would hide what the worker itself can do.
            "idleTimeBetweenReadsInMillis": "1",
            **more,
        }
        running = Worker(Path(folder), database, application, (stream.table,), actions, properties)
        try:
            wait_for(lambda: len(descendants(running.process.pid)) >= 2, "the shard process starts")
            done = lambda: checkpointed(database, application) == stream.last  # noqa: E731
            if output is not None:
                done = lambda: ends_with(Path(folder) / output, stream.last)  # noqa: E731
            return measured(name, stream, running.family, done)
        finally:
            running.end()


def java(database: Database, stream: Stream) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "peer.jsonl"
        application = f"peer-{uuid.uuid4().hex[:8]}"
        process = peer.started(peer.compiled(Path(folder)), database, application, stream.arn, output)
        try:
            return measured(
                "Java on the adapter", stream, lambda: [process.pid], lambda: ends_with(output, stream.last)
            )
        finally:
            process.kill()
            process.wait()


def measured(name: str, stream: Stream, pids: Callable[[], list[int]], done: Callable[[], bool]) -> Figures:
    begun, before = time.monotonic(), cpu.seconds(pids())
    wait_for(done, f"{name}: the last record", _SECONDS)
    seconds = time.monotonic() - begun
    return Figures(name, stream.records / seconds, (cpu.seconds(pids()) - before) / stream.records * 1e6)


def checkpointed(database: Database, application: str) -> str:
    return max((lease["checkpoint"]["S"] for lease in database.leases(application)), default="")


def ends_with(path: Path, sequence_number: str) -> bool:
    """Return whether a file's last line is about this record."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4096))
        return sequence_number in file.read().decode(errors="replace")


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    stock = f"{sys.executable} {Path(__file__).with_name('stock_processor.py')}"
    with started(port := free_port()):
        database = Database(f"http://{LOOPBACK}:{port}")
        print(f"writing {records} records of about 300 bytes …", flush=True)
        stream, first = loop(database, fill(database, records))
        runs: list[Callable[[], Figures]] = [
            lambda: java(database, stream),
            lambda: worker("worker, file", database, stream, _FILE, "audit.jsonl"),
            lambda: worker("worker, filter and file", database, stream, _FILTERED, "audit.jsonl"),
            lambda: worker("worker, handler that does nothing", database, stream, _PYTHON, None),
            lambda: worker("stock kclpy, json, file", database, stream, _FILE, "stock.jsonl", executableName=stock),
        ]
        print(f"{first.name:34} {first.rate:8.0f} records/s  {first.cpu_micros:6.1f} µs CPU per record", flush=True)
        peers = None
        for run in runs:
            found = run()
            peers = peers or found
            print(
                f"{found.name:34} {found.rate:8.0f} records/s  {found.cpu_micros:6.1f} µs CPU per record; of Java's:"
                f" rate {found.rate / peers.rate:.2f}, CPU {found.cpu_micros / peers.cpu_micros:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
