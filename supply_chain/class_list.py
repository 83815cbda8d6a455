"""Writes the list of the classes that a worker's JVM loads: `python -m supply_chain.class_list`.

A worker is started on the local database, delivers a record and stops; Java lists every class that it loads. Run this
after a change of `java/` or of Java's version, with the oldest supported Java: newer ones skip what they lack.
"""

from __future__ import annotations

import re
import shlex
import tempfile
import uuid
from pathlib import Path

from record_processor.local.ministack import LOOPBACK, started
from tests.harness import Database, Worker
from tests.servers.process import free_port

LIST = Path(__file__).parents[1] / "src/record_processor/host/jvm_classes.txt"
# Only custom class loaders need these numbers; they differ from run to run.
_NUMBER = re.compile(r" id: \d+$")


def loaded_by_a_worker() -> list[str]:
    """Return Java's lines, in the order of loading."""
    with tempfile.TemporaryDirectory() as folder, started(port := free_port()):
        noted = Path(folder) / "classes.txt"
        database = Database(f"http://{LOOPBACK}:{port}")
        table = database.table()
        database.put(table, "a")
        options = f"-Xmx256m -Xshare:off -XX:DumpLoadedClassList={shlex.quote(str(noted))}"
        actions = "actions: [{name: audit, type: file, path: out.jsonl}]"
        name = f"class-list-{uuid.uuid4().hex[:8]}"
        worker = Worker(Path(folder), database, name, (table,), actions, {"jvmOptions": options})
        try:
            worker.wait_for_lines("out.jsonl", 1)
            assert worker.stop() == 0  # noqa: S101 - a list of half a life would be silently worse
        finally:
            worker.end()
        return noted.read_text().splitlines()


def kept(lines: list[str]) -> list[str]:
    """Leave out comments and numbers."""
    return [_NUMBER.sub("", line) for line in lines if not line.startswith("#") and " source: " not in line]


if __name__ == "__main__":
    LIST.write_text("\n".join(kept(loaded_by_a_worker())) + "\n")
