"""What shards without changes cost: `python -m bench.idle_shards`.

1, 16 and 64 idle shards of one stream (the stand-in of the tests), with the default poll: memory of the JVM and of a
shard process (PSS), and CPU time per second of all of them.
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
from tests.harness import Database, Worker
from tests.servers.process import free_port

SHARDS = (1, 16, 64)
ALLOWED_JVM_MEGABYTES = 170.0
_SETTLE_SECONDS = 15.0
_MEASURE_SECONDS = 20.0


def measure(database: Database, shards: int) -> float:
    """Print the figures for this many shards; return the JVM's memory in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        busy = BusyStream(database, Path(folder))
        table = database.table()
        busy.show(table, shards)
        properties = {**defaults.PROPERTIES, "kinesisEndpoint": busy.endpoint}
        actions = "actions: [{name: audit, type: file, path: audit.jsonl}]"
        worker = Worker(Path(folder), database, f"idle-{uuid.uuid4().hex[:8]}", (table,), actions, properties)
        try:
            worker.wait_for_event("shard.started", shards)
            ready = time.monotonic() - worker.started_at
            time.sleep(_SETTLE_SECONDS)
            return _report(worker, shards, ready)
        finally:
            worker.end()
            busy.end()


def _report(worker: Worker, shards: int, ready: float) -> float:
    machine, processes = worker.jvm(), worker.children()
    before = cpu.seconds([machine]), cpu.seconds(processes)
    time.sleep(_MEASURE_SECONDS)
    machine_cpu, processes_cpu = cpu.seconds([machine]) - before[0], cpu.seconds(processes) - before[1]
    megabytes = cpu.proportional_megabytes(machine)
    each = sum(map(cpu.proportional_megabytes, processes)) / len(processes)
    print(
        f"{shards:3} shards  ready after {ready:4.1f} s  JVM {megabytes:4.0f} MB  shard process {each:4.1f} MB"
        f"  CPU per second: JVM {machine_cpu / _MEASURE_SECONDS * 1000:5.1f} ms,"
        f" shard processes {processes_cpu / _MEASURE_SECONDS * 1000:5.1f} ms",
        flush=True,
    )
    return megabytes


def main() -> None:
    class_archive.make(find_java(), jvm.jars())
    with started(port := free_port()):
        database = Database(f"http://{LOOPBACK}:{port}")
        largest = max(measure(database, shards) for shards in SHARDS)
    sys.exit(largest > ALLOWED_JVM_MEGABYTES)


if __name__ == "__main__":
    main()
