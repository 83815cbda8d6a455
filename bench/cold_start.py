"""How long an empty application takes from the command to its first processed record: `python -m bench.cold_start`.

This is the wait that a user has: the command is started, and one record is already in the stream. Every run has its own
application name, and so its own tables and leases. With and without the archive of Java's classes, in turn.
"""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import cpu, defaults
from record_processor.host import class_archive, jvm
from record_processor.host.find_java import find_java
from record_processor.local.ministack import LOOPBACK, started
from tests.harness import Database, Worker
from tests.servers.process import free_port

RUNS = 5
ALLOWED_SECONDS = 3.5
ALLOWED_CPU_SECONDS = 1.8
"""With the archive; the latter until the first record, of the JVM."""
_WAYS = {"with the archive": "-Xmx256m", "without the archive": "-Xmx256m -Xshare:auto"}


class Start(NamedTuple):
    seconds: float
    cpu_seconds: float
    """Of the JVM."""
    megabytes: float
    """Of the JVM (PSS)."""


def start(database: Database, jvm_options: str) -> Start:
    table = database.table()
    database.put(table, "a")
    with tempfile.TemporaryDirectory() as folder:
        actions = "actions: [{name: show, type: log}]"
        properties = {**defaults.PROPERTIES, "jvmOptions": jvm_options}
        worker = Worker(Path(folder), database, f"cold-{uuid.uuid4().hex[:8]}", (table,), actions, properties)
        try:
            worker.wait_for_event("record")
            seconds, process = time.monotonic() - worker.started_at, worker.jvm()
            return Start(seconds, cpu.seconds([process]), cpu.proportional_megabytes(process))
        finally:
            worker.end()


def main() -> None:
    class_archive.make(find_java(), jvm.jars())
    found: dict[str, list[Start]] = {way: [] for way in _WAYS}
    with started(port := free_port()):
        database = Database(f"http://{LOOPBACK}:{port}")
        for _ in range(RUNS):
            for way, options in _WAYS.items():
                found[way].append(start(database, options))
    print(f"to the first record, {RUNS} runs (min med max); CPU and memory of the JVM in the middle")
    for way, starts in found.items():
        seconds = sorted(one.seconds for one in starts)
        spent, megabytes = (median(figures) for figures in list(zip(*starts, strict=True))[1:])
        print(f"{way:20} {seconds[0]:.1f} {median(seconds):.1f} {seconds[-1]:.1f} s  {spent:.1f} s  {megabytes:.0f} MB")
    starts = found["with the archive"]
    too_slow = median(one.seconds for one in starts) > ALLOWED_SECONDS
    sys.exit(too_slow or median(one.cpu_seconds for one in starts) > ALLOWED_CPU_SECONDS)


if __name__ == "__main__":
    main()
