"""How long shards wait when their worker goes: `python -m bench.takeover`.

Two workers with two shards each, a third without any, and a failover time of 5 s. One of the two is killed or stopped;
the time runs until every shard has processed a change that was made right after that. Stock KCL 3.1 takes 133 s for the
leader, whose lock lives two minutes.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
import uuid
from pathlib import Path

from record_processor.local.ministack import LOOPBACK, started
from tests.harness import Database, Worker, wait_for
from tests.servers.process import free_port

FAILOVER_MILLIS = 5000
_RUNS = 3
_ACTIONS = "actions: [{name: audit, type: file, path: '{table}.jsonl'}]"


def shared(database: Database, application: str) -> bool:
    owners = [lease.get("leaseOwner", {}).get("S", "") for lease in database.leases(application)]
    return sorted(owners) == ["one", "one", "two", "two"]


def measure(database: Database, victim: str, how: str) -> float:
    """Return the seconds from the end of a worker to the last of its shards' next records."""
    with tempfile.TemporaryDirectory() as made:
        folder, application = Path(made), f"takeover-{uuid.uuid4().hex[:8]}"
        tables = tuple(database.table() for _ in range(4))
        more = {"failoverTimeMillis": str(FAILOVER_MILLIS)}
        first = {**more, "workerId": "one", "maxLeasesForWorker": "2"}
        workers = {"one": Worker(folder, database, application, tables, _ACTIONS, first)}
        try:
            wait_for(lambda: database.leader(application) == "one", "one leads")
            workers["two"] = Worker(folder, database, application, tables, _ACTIONS, {**more, "workerId": "two"})
            wait_for(lambda: shared(database, application), "two shards each")
            # The first two may not take more; this one waits to take over.
            workers["three"] = Worker(folder, database, application, tables, _ACTIONS, {**more, "workerId": "three"})
            wait_for(lambda: database.has_metrics(application, "three"), "the leader knows the third")
            for table in tables:
                database.put(table, "before")
                workers["one"].wait_for_lines(f"{table}.jsonl", 1)
            begun = time.monotonic()
            _end(workers[victim], how)
            for table in tables:
                database.put(table, "after")
            for table in tables:
                workers["one"].wait_for_lines(f"{table}.jsonl", 2)
            return time.monotonic() - begun
        finally:
            for worker in workers.values():
                worker.end()


def _end(worker: Worker, how: str) -> None:
    if how == "SIGTERM":
        worker.signal(signal.SIGTERM)
        return
    for pid in [worker.process.pid, *worker.family()]:  # at once, as when a host loses power
        os.kill(pid, signal.SIGKILL)


def main() -> None:
    port = free_port()
    with started(port):
        database = Database(f"http://{LOOPBACK}:{port}")
        for victim, how in (("one", "kill -9"), ("two", "kill -9"), ("one", "SIGTERM"), ("two", "SIGTERM")):
            seconds = sorted(measure(database, victim, how) for _ in range(_RUNS))
            who = "the leader" if victim == "one" else "another worker"
            print(f"{how:8} of {who:15} {seconds[0]:5.1f} {seconds[1]:5.1f} {seconds[2]:5.1f} s (min, median, max)")


if __name__ == "__main__":
    main()
