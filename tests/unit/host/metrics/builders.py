"""A worker's figures for tests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from record_processor.delivery.shard_report import ShardReport, Snapshot
from record_processor.fleet.server_clock import ServerClock
from record_processor.host.metrics.collecting import Identity
from record_processor.host.metrics.figures import Figures, Looker
from record_processor.host.metrics.jvm_report import Collector, JvmReport, Memory, Restarted
from record_processor.host.process_usage import Usage
from record_processor.host.shard_reports import ShardReports
from record_processor.records.stream import Shard
from tests.builders import STREAM

if TYPE_CHECKING:
    from pathlib import Path

TABLE = STREAM.table


def who(*actions: str) -> Identity:
    return Identity("orders", "worker-1", "host-1", 1000.0, (TABLE,), actions or ("pay",))


def shard(folder: Path, number: int = 1, actions: tuple[str, ...] = ("pay",), **snapshot: Any) -> ShardReport:
    (folder / f"trials-{number}").touch()
    restarts = snapshot.pop("restarts", 0)
    report = ShardReport(folder / f"report-{number}", Shard(f"s-{number}", STREAM), actions, restarts)
    report.write(Snapshot(**{"at": time.time(), **snapshot}))
    return report


def jvm(**more: Any) -> JvmReport:
    values: dict[str, Any] = {
        "at": time.time(),
        "is_running": True,
        "is_stopping": False,
        "is_leader": True,
        "leases_held": 3,
        "leases_late": 1,
        "leases_lost": 2,
        "renewed_seconds_ago": 0.5,
        "forks": True,
        "forker_gone_seconds": None,
        "restarts": [Restarted(TABLE, reason, 2) for reason in ("killed", "defect", "call_timeout", "actions")],
        "memory": [Memory("heap", 10, 20, 30), Memory("nonheap", 11, 21, -1)],
        "collectors": [Collector("Copy", 5, 0.25), Collector("MarkSweepCompact", 1, 0.5)],
        "threads": 40,
    }
    return JvmReport(**{**values, **more})


def figures(folder: Path, **more: Any) -> Figures:
    """What there is in a run directory, with a JVM that does well."""
    found = Looker(folder, ShardReports(folder), ServerClock()).look(Usage(0.5, 1 << 28))
    return found._replace(**{"jvm": jvm(), **more})
