"""How long an empty application takes from the command to its first processed record: `python -m bench.cold_start`.

This is the wait that a user has: the command is started, and one record is already in the stream. Every run has its own
application name, and so its own tables and leases.
"""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median

from record_processor.local.ministack import LOOPBACK, started
from tests.harness import Database, Worker
from tests.servers.process import free_port

RUNS = 5
ALLOWED_SECONDS = 12.0


def seconds_to_first_record(database: Database) -> float:
    table = database.table()
    database.put(table, "a")
    with tempfile.TemporaryDirectory() as folder:
        actions = "actions: [{name: show, type: log}]"
        worker = Worker(Path(folder), database, f"cold-{uuid.uuid4().hex[:8]}", (table,), actions, {})
        try:
            worker.wait_for_event("record")
            return time.monotonic() - worker.started_at
        finally:
            worker.end()


def main() -> None:
    port = free_port()
    with started(port):
        database = Database(f"http://{LOOPBACK}:{port}")
        found = sorted(seconds_to_first_record(database) for _ in range(RUNS))
    print(
        f"cold start to first record, {RUNS} runs: {found[0]:.1f} {median(found):.1f} {found[-1]:.1f} s (min med max)"
    )
    sys.exit(median(found) > ALLOWED_SECONDS)


if __name__ == "__main__":
    main()
