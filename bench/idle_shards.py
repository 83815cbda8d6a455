"""What shards without changes cost: `python -m bench.idle_shards`.

1, 16 and 64 idle shards of one stream (the stand-in of the tests), with the default poll: memory of the JVM, of a shard
process and of the forker (PSS), and CPU time per second of all of them. The action is `file`, and then `dynamodb`,
whose processes have a client of the AWS SDK; each has been used for some records before.
"""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from pathlib import Path

from bench import cpu, defaults
from record_processor.host import class_archive, jvm
from record_processor.host.find_java import find_java
from record_processor.local.ministack import LOOPBACK, started
from tests.busy_stream.client import BusyStream
from tests.harness import Database, Worker, command_line, wait_for
from tests.servers.process import free_port

SHARDS = (1, 16, 64)
ALLOWED_JVM_MEGABYTES = 170.0
ACTIONS = ("file", "dynamodb")
_RECORDS_PER_SHARD = 6
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
_SETTLE_SECONDS = 15.0
_MEASURE_SECONDS = 40.0


def measure(database: Database, shards: int, kind: str) -> float:
    """Print the figures for this many shards and an action; return the JVM's memory in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        busy = BusyStream(database, Path(folder))
        table, copy = database.table(), database.table(None)
        busy.show(table, shards)
        properties = {**defaults.PROPERTIES, "kinesisEndpoint": busy.endpoint}
        actions = f"actions: [{_action(database, copy, kind)}]"
        name = f"idle-{uuid.uuid4().hex[:8]}"
        worker = Worker(Path(folder), database, name, (table,), actions, properties, environment=_CREDENTIALS)
        try:
            worker.wait_for_event("shard.started", shards)
            ready = time.monotonic() - worker.started_at
            count = _RECORDS_PER_SHARD * shards
            database.put_many(table, map(str, range(count)))
            if kind == "file":
                worker.wait_for_lines("audit.jsonl", count)
            else:
                wait_for(lambda: database.client.scan(TableName=copy, Select="COUNT")["Count"] == count, "all copies")
            time.sleep(_SETTLE_SECONDS)
            return _report(worker, kind, shards, ready)
        finally:
            worker.end()
            busy.end()


def _action(database: Database, copy: str, kind: str) -> str:
    if kind == "file":
        return "{name: audit, type: file, path: audit.jsonl}"
    return f"{{name: copy, type: dynamodb, table: {copy}, aws: {{endpoint: '{database.endpoint}'}}}}"


def _report(worker: Worker, kind: str, shards: int, ready: float) -> float:
    machine, processes = worker.jvm(), worker.children()
    before = cpu.seconds([machine]), cpu.seconds(processes)
    time.sleep(_MEASURE_SECONDS)
    machine_cpu, processes_cpu = cpu.seconds([machine]) - before[0], cpu.seconds(processes) - before[1]
    megabytes = cpu.proportional_megabytes(machine)
    each = sum(map(cpu.proportional_megabytes, processes)) / len(processes)
    forkers = [pid for pid in worker.family() if "--forker" in command_line(pid)]
    print(
        f"{kind:8} {shards:3} shards  ready after {ready:4.1f} s  JVM {megabytes:4.0f} MB  shard process {each:4.1f} MB"
        f"  forker {sum(map(cpu.proportional_megabytes, forkers)):4.1f} MB"
        f"  CPU per second: JVM {machine_cpu / _MEASURE_SECONDS * 1000:5.1f} ms,"
        f" shard processes {processes_cpu / _MEASURE_SECONDS * 1000:5.1f} ms",
        flush=True,
    )
    return megabytes


def main() -> None:
    class_archive.make(find_java(), jvm.jars())
    with started(port := free_port()):
        database = Database(f"http://{LOOPBACK}:{port}")
        largest = max(measure(database, shards, kind) for kind in ACTIONS for shards in SHARDS)
    sys.exit(largest > ALLOWED_JVM_MEGABYTES)


if __name__ == "__main__":
    main()
