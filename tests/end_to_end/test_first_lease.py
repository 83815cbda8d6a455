"""The first lease of a worker that starts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Database, Worker

# KCL's own first report comes two of these after the start; without any the leader assigns nothing to this worker.
CAPTURE_MILLIS = 60_000


def test_the_first_round_of_assignments_knows_the_worker_that_makes_it(
    database: Database, worker: Callable[..., Worker]
) -> None:
    table = database.table()
    database.put(table, "a")
    started = worker(
        table,
        actions="actions: [{name: audit, type: file, path: out.jsonl}]",
        inMemoryWorkerMetricsCaptureFrequencyMillis=str(CAPTURE_MILLIS),
    )
    started.wait_for_event("shard.started", seconds=CAPTURE_MILLIS / 1000)
    assert started.stop() == 0
