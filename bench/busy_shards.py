"""What busy shards cost together: `python -m bench.busy_shards`.

1, 16, 64 and 128 shards of one stream (the stand-in of the tests), each with the same number of changes per second:
records per second that a handler has received, CPU time and memory (PSS) of everything that the worker consists of, per
shard, and the time from a write to the handler (median and 99th percentile). If cost grows linearly, the columns per
shard stay the same, or fall.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench import cpu, defaults
from record_processor.host import class_archive, jvm
from record_processor.host.find_java import find_java
from record_processor.local.ministack import LOOPBACK, started
from tests.busy_stream.client import BusyStream
from tests.harness import Database, Worker, descendants, wait_for
from tests.servers.process import free_port

SHARDS = (1, 16, 64, 128)
CHANGES_PER_SECOND = 5
"""Of each shard, on average."""
_WARM_SECONDS = 15.0
_MEASURE_SECONDS = 30.0
_BATCH = 25
_HANDLER = (
    "import time\n"
    "def handle(event, context):\n"
    "    now = time.time()\n"
    "    lines = ''.join(f\"{now - float(r['dynamodb']['NewImage']['at']['N'])}\\n\" for r in event['Records'])\n"
    "    with open('seen', 'a') as file:\n"
    "        file.write(lines)\n"
)
_ACTIONS = "actions: [{name: late, type: python, handler: 'late:handle', batch: {size: 100}}]"


class Writer:
    """Writes as many changes per second as it is told, for a while."""

    def __init__(self, database: Database, table: str, per_second: float) -> None:
        self._database = database
        self._table = table
        self._seconds_each = _BATCH / max(per_second, 1)
        self._pool = ThreadPoolExecutor(8)
        self.written = 0

    def write_for(self, seconds: float) -> None:
        next_time, end = time.monotonic(), time.monotonic() + seconds
        while next_time < end:
            time.sleep(max(0.0, next_time - time.monotonic()))
            self._pool.submit(self._write)
            next_time += self._seconds_each

    def _write(self) -> None:
        items = [{"id": {"S": uuid.uuid4().hex}, "at": {"N": str(time.time())}} for _ in range(_BATCH)]
        puts: Any = [{"PutRequest": {"Item": item}} for item in items]
        self._database.client.batch_write_item(RequestItems={self._table: puts})
        self.written += _BATCH


def measure(database: Database, shards: int) -> str:
    """Return a line of figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "late.py").write_text(_HANDLER)
        busy = BusyStream(database, folder)
        table = database.table("NEW_IMAGE")
        busy.show(table, shards)
        properties = {**defaults.PROPERTIES, "kinesisEndpoint": busy.endpoint}
        worker = Worker(folder, database, f"busy-{uuid.uuid4().hex[:8]}", (table,), _ACTIONS, properties)
        try:
            worker.wait_for_event("shard.started", shards)
            return _measured(database, table, shards, folder, worker)
        finally:
            worker.end()
            busy.end()


def _measured(database: Database, table: str, shards: int, folder: Path, worker: Worker) -> str:
    writer = Writer(database, table, CHANGES_PER_SECOND * shards)
    writer.write_for(_WARM_SECONDS)
    everything = [worker.process.pid, *descendants(worker.process.pid)]
    before, first = cpu.seconds(everything), len(_seen(folder))
    writer.write_for(_MEASURE_SECONDS)
    spent, rate = cpu.seconds(everything) - before, (len(_seen(folder)) - first) / _MEASURE_SECONDS
    megabytes = sum(map(cpu.proportional_megabytes, everything))
    wait_for(lambda: len(_seen(folder)) >= writer.written, "all changes arrive")
    late = _seen(folder)[first:]
    each = spent / _MEASURE_SECONDS * 1000 / shards
    return (
        f"{shards:3} shards  {rate:5.0f} records/s  CPU {spent / _MEASURE_SECONDS * 100:4.0f} % of a core,"
        f" {each:5.1f} ms per second and shard  memory {megabytes:4.0f} MB, {megabytes / shards:5.1f} MB per shard"
        f"  write to handler: median {median(late):4.2f} s, 99 % {quantiles(late, n=100)[98]:4.2f} s"
    )


def _seen(folder: Path) -> list[float]:
    path = folder / "seen"
    return [float(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


def main() -> None:
    class_archive.make(find_java(), jvm.jars())
    with started(port := free_port()):
        database = Database(f"http://{LOOPBACK}:{port}")
        for shards in SHARDS:
            print(measure(database, shards), flush=True)


if __name__ == "__main__":
    main()
