"""What the workers' own tables cost: `python -m bench.lease_costs`.

Calls per minute to the lease table, the coordinator table and the workers' metrics, counted by a server in front of the
local database, with the defaults of `properties/worker.properties`. Three settings show what grows with the workers and
what grows with the shards. Each shard has one change per second, so it has something to checkpoint.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bench import defaults
from record_processor.local.ministack import LOOPBACK, started
from tests.busy_stream.client import BusyStream
from tests.cluster.writer import Writer
from tests.harness import Database, Worker, wait_for
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = ((1, 8), (1, 32), (4, 32))
_SECONDS = 60
_ACTIONS = "actions: [{name: audit, type: file, path: '{shard}.jsonl'}]"


def measure(database: Database, workers: int, shards: int) -> dict[str, float]:
    """Return calls per minute by kind of table and operation, once every shard is read and nothing moves."""
    with contextlib.ExitStack() as block:
        folder = Path(block.enter_context(tempfile.TemporaryDirectory()))
        front = BusyStream(database, folder)
        block.callback(front.end)
        table, application = database.table(), f"costs-{uuid.uuid4().hex[:8]}"
        front.show(table, shards)
        through = Database(front.endpoint)
        running = []
        for number in range(workers):
            (folder / str(number)).mkdir()
            mine = {**defaults.PROPERTIES, "workerId": f"worker-{number}"}
            made = Worker(folder / str(number), through, application, (table,), _ACTIONS, mine)
            block.callback(made.end)
            running.append(made)
        writer = Writer(database.endpoint, table, [f"item-{number}" for number in range(50 * shards)], float(shards))
        writer.start()
        wait_for(lambda: sum(len(worker.of("shard.started")) for worker in running) >= shards, "all shards are read")
        time.sleep(20)  # leases move until they are balanced
        before = Counter(front.command("counted"))
        begun = time.monotonic()
        time.sleep(_SECONDS)
        calls = Counter(front.command("counted")) - before
        minutes = (time.monotonic() - begun) / 60
        writer.end()
        return {name: count / minutes for name, count in named(calls, application).items()}


def named(calls: Counter[str], application: str) -> Counter[str]:
    """Return what a table is for, in place of its name; the stream's own calls are left out."""
    found: Counter[str] = Counter()
    tables = {
        application: "leases",
        f"{application}-CoordinatorState": "leader",
        f"{application}-WorkerMetricStats": "metrics",
    }
    for call, count in calls.items():
        operation, _, table = call.partition(" ")
        if table in tables:
            found[f"{tables[table]:8} {operation}"] += count
    return found


def lines(measured: dict[tuple[int, int], dict[str, float]]) -> Iterator[str]:
    yield f"{'calls a minute':28}" + "".join(f"{workers} x {shards} shards".rjust(16) for workers, shards in measured)
    for name in sorted({name for one in measured.values() for name in one}):
        yield f"{name:28}" + "".join(f"{one.get(name, 0):16.0f}" for one in measured.values())


def main() -> None:
    port = free_port()
    with started(port):
        database = Database(f"http://{LOOPBACK}:{port}")
        measured = {setting: measure(database, *setting) for setting in SETTINGS}
    print("\n".join(lines(measured)))


if __name__ == "__main__":
    main()
