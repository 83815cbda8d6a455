"""An application's facts for tests: streams, leases and reports as they would be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.delivery.orders import Orders
from record_processor.fleet.assembly import Facts, application
from record_processor.fleet.kcl_state import KclState, Lease
from record_processor.fleet.lineage import Lineage, StreamShard
from record_processor.fleet.worker_report import ShardFigures, WorkerReport
from tests.builders import ARN, STREAM

if TYPE_CHECKING:
    from record_processor.fleet.model import Application, Shard
    from record_processor.fleet.oldest_records import Oldest

NOW = 1_800_000_000.0
PARENT, LEFT, RIGHT = StreamShard("s-1", is_closed=True), StreamShard("s-2", "s-1"), StreamShard("s-3", "s-1")
FAMILY = (PARENT, LEFT, RIGHT)


def lease(shard: StreamShard, checkpoint: str = "100", owner: str | None = "me") -> Lease:
    return Lease(shard.shard_id, checkpoint, owner)


def figures(shard: StreamShard = LEFT, **values: Any) -> ShardFigures:
    return ShardFigures(ARN, shard.shard_id, NOW, **values)


def report(*shards: ShardFigures, **values: Any) -> WorkerReport:
    known = {"worker_id": "me", "at": NOW - 1, "since": NOW - 60, "version": "1.2.3", "host": "h", **values}
    return WorkerReport(interval_seconds=10.0, shards=list(shards), **known)


def lineage(leases: list[Lease], shards: tuple[StreamShard, ...] = FAMILY) -> Lineage:
    return Lineage(STREAM, shards, {one.key: one for one in leases}, is_multi=False)


def found(
    *leases: Lease,
    shards: tuple[StreamShard, ...] = FAMILY,
    reports: tuple[WorkerReport, ...] = (),
    oldest: dict[str, Oldest] | None = None,
    seen: dict[str, float] | None = None,
    leader: str | None = None,
    orders: Orders | None = None,
) -> Application:
    """Return the application that follows from these facts."""
    kcl = KclState({one.key: one for one in leases}, False, leader, {}, seen or {})
    by_shard = {
        (one.worker_id, shard.stream_arn, shard.shard_id): shard
        for one in reports
        if one.is_current(NOW)
        for shard in one.shards
    }
    facts = Facts(
        name="app",
        region="us-west-2",
        at=NOW,
        silent_seconds=10.0,
        kcl=kcl,
        reports={one.worker_id: one for one in reports},
        reported=by_shard,
        lineages=[lineage(list(leases), shards)],
        orders=orders or Orders(),
        oldest={(ARN, shard_id): one for shard_id, one in (oldest or {}).items()},
    )
    return application(facts)


def one_of(application: Application, shard: StreamShard) -> Shard:
    (one,) = [one for one in application.shards if one.shard_id == shard.shard_id]
    return one
