"""What it costs to be measured: `python -m bench.scrapes [RECORDS]`.

A worker empties one shard with many waiting records, through a handler that does nothing: without a port, scraped every
second, and flooded by as many questions as eight processes can ask. The CPU time is that of the worker's own processes.
"""

from __future__ import annotations

import contextlib
import http.client
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench import cpu, throughput
from record_processor.local.ministack import LOOPBACK, started
from tests.harness import Database, Worker, descendants, wait_for
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.sharedctypes import Synchronized

RECORDS = 200_000
_FLOODING = 8


class Figures(NamedTuple):
    name: str
    rate: float
    """Records per second."""
    cpu_micros: float
    """Of the JVM and the shard process, per record."""
    parent_share: float
    """How much of a core the parent process used."""
    answers: float
    """Per second."""


def ask(port: int, pause_seconds: float, answered: Synchronized[int]) -> None:
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
            connection.request("GET", "/metrics")
            connection.getresponse().read()
            connection.close()
            with answered.get_lock():
                answered.value += 1
        time.sleep(pause_seconds)


def measure(name: str, database: Database, stream: throughput.Stream, askers: int, pause_seconds: float) -> Figures:
    port = free_port()
    answered = multiprocessing.Value("q", 0)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "noop.py").write_text("def handle(event, context):\n    pass\n")
        properties = {
            "checkpointIntervalMillis": "1000",
            "failoverTimeMillis": "10000",
            "jvmOptions": "-Xmx256m",
            "idleTimeBetweenReadsInMillis": "1",
            "metricsPort": str(port) if askers else "0",
        }
        actions = "actions: [{name: n, type: python, handler: 'noop:handle'}]"
        application = f"scrapes-{time.time_ns()}"
        running = Worker(Path(folder), database, application, (stream.table,), actions, properties)
        asking = [multiprocessing.Process(target=ask, args=(port, pause_seconds, answered)) for _ in range(askers)]
        for process in asking:
            process.start()
        try:
            wait_for(lambda: len(descendants(running.process.pid)) >= 2, "the shard process starts")
            return _measured(
                name, running, stream, lambda: answered.value, lambda: _done(database, application, stream)
            )
        finally:
            for process in asking:
                process.kill()
            running.end()


def _done(database: Database, application: str, stream: throughput.Stream) -> bool:
    return throughput.checkpointed(database, application) == stream.last


def _measured(
    name: str, running: Worker, stream: throughput.Stream, answered: Callable[[], int], done: Callable[[], bool]
) -> Figures:
    parent = [running.process.pid]
    begun, before, mine, told = time.monotonic(), cpu.seconds(running.family()), cpu.seconds(parent), answered()
    wait_for(done, f"{name}: the last record", 600)
    seconds = time.monotonic() - begun
    others = (cpu.seconds(running.family()) - before) / stream.records * 1e6
    share = (cpu.seconds(parent) - mine) / seconds
    return Figures(name, stream.records / seconds, others, share, (answered() - told) / seconds)


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    with started(port := free_port()):
        database = Database(f"http://{LOOPBACK}:{port}")
        stream, _ = throughput.loop(database, throughput.fill(database, records))
        for _ in range(2):
            for name, askers, pause in (("no port", 0, 0.0), ("every second", 1, 1.0), ("flooded", _FLOODING, 0.0)):
                one = measure(name, database, stream, askers, pause)
                print(
                    f"{one.name:14} {one.rate:8,.0f} records/s {one.cpu_micros:6.2f} µs CPU per record, "
                    f"parent {one.parent_share:6.1%} of a core, {one.answers:6.1f} answers/s",
                    flush=True,
                )


if __name__ == "__main__":
    main()
