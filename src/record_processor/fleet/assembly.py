"""From the facts that were read to an `Application`: computed from values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.delivery.orders import Orders
from record_processor.fleet import lags, states
from record_processor.fleet.model import Application, Shard, State, StreamOfTable, Worker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.fleet.kcl_state import KclState
    from record_processor.fleet.lineage import Lineage, StreamShard
    from record_processor.fleet.oldest_records import Oldest
    from record_processor.fleet.worker_report import ShardFigures, WorkerReport


class Facts(NamedTuple):
    """What was read."""

    name: str
    region: str
    at: float
    silent_seconds: float
    """A worker that has said nothing for longer may have lost its leases."""
    kcl: KclState
    reports: Mapping[str, WorkerReport]
    """By worker."""
    reported: Mapping[tuple[str, str, str], ShardFigures]
    """By worker, stream and shard, from the reports that are current."""
    lineages: list[Lineage]
    """Of each table's stream; if that replaces another one, the old one directly before it."""
    oldest: dict[tuple[str, str], Oldest]
    """By stream and shard, where the stream was asked."""
    orders: Orders = Orders()
    """What is ordered."""

    def figures(self, lineage: Lineage, shard: StreamShard) -> ShardFigures | None:
        """Return what the owner of a shard says about it now; None if nothing, or not for long."""
        lease = lineage.leases.get(shard.shard_id)
        owner = lease.owner if lease is not None else None
        if owner is None or self.is_late(owner):  # what it has done since its last checkpoint will be done again
            return None
        return self.reported.get((owner, lineage.stream.arn, shard.shard_id))

    def silent_for(self, worker_id: str) -> float | None:
        """Return how long ago a worker said that it lives, in one way or another; None if it never did."""
        report, seen = self.reports.get(worker_id), self.kcl.last_seen.get(worker_id)
        if report is not None and seen is not None:
            last = max(seen + report.clock_ahead_seconds, report.at)
        elif report is not None:
            last = report.at
        elif seen is not None:
            last = seen
        else:
            return None
        return max(0.0, self.at - last)

    def is_late(self, worker_id: str) -> bool:
        """Return whether a worker's leases may have expired; one that never said anything is not known to be."""
        silent = self.silent_for(worker_id)
        return silent is not None and silent > self.longest_silence(worker_id)

    def longest_silence(self, worker_id: str) -> float:
        """Return for how many seconds a worker may say nothing."""
        if worker_id not in self.kcl.last_seen and worker_id in self.reports:
            return max(self.silent_seconds, self.reports[worker_id].longest_silence_seconds)
        return self.silent_seconds


def application(facts: Facts) -> Application:
    """Return all of it."""
    shards = [shard for lineage in facts.lineages for shard in _shards(facts, lineage)]
    workers = _workers(facts, shards)
    known = [shard.lag.seconds for shard in shards if shard.lag.seconds is not None]
    return Application(
        name=facts.name,
        region=facts.region,
        at=facts.at,
        streams=_streams(facts.lineages),
        leader=facts.kcl.leader,
        workers=workers,
        shards=shards,
        lag_seconds=max(known, default=None),
        blocked=sum(shard.state is State.BLOCKED for shard in shards),
        dead_letters=sum(totals.dead_letters for worker in workers for totals in worker.actions),
        pauses=facts.orders.pauses,
    )


def _shards(facts: Facts, lineage: Lineage) -> list[Shard]:
    waits = _replaces_another(facts, lineage)
    return [_shard(facts, lineage, shard, waits) for shard in lineage.shards]


def _shard(facts: Facts, lineage: Lineage, shard: StreamShard, waits_for_old_stream: bool) -> Shard:
    lease = lineage.leases.get(shard.shard_id)
    figures = facts.figures(lineage, shard)
    owner = lease.owner if lease is not None and not lease.is_done else None
    oldest = facts.oldest.get((lineage.stream.arn, shard.shard_id))
    report = facts.reports.get(owner or "")
    pauses = facts.orders.pauses_of(lineage.stream.table, shard.shard_id)
    return Shard(
        table=lineage.stream.table,
        stream_arn=lineage.stream.arn,
        shard_id=shard.shard_id,
        parent=shard.parent,
        children=lineage.children.get(shard.shard_id, []),
        state=states.state_of(
            lineage,
            shard,
            figures,
            waits_for_old_stream=waits_for_old_stream,
            owner_is_late=owner is not None and facts.is_late(owner),
            owner_reports=report is not None and report.reports_shards and report.is_current(facts.at),
            is_to_pause=bool(pauses),
        ),
        lag=lags.lag_of(facts.at, oldest, figures),
        owner=owner,
        checkpoint=lags.checkpoint_of(lease),
        checkpoint_age_seconds=_age(facts.at, figures.saved_at if figures is not None else None),
        records_per_second=figures.records_per_second if figures is not None else None,
        pending=figures.pending if figures is not None else None,
        is_trimmed=oldest is not None and oldest.is_trimmed,
        restarts=figures.restarts if figures is not None else 0,
        blocks=figures.blocks if figures is not None else [],
        skipped=figures.skipped if figures is not None else [],
        pauses=pauses,
    )


def _age(now: float, at: float | None) -> float | None:
    return None if at is None else max(0.0, now - at)


def _replaces_another(facts: Facts, lineage: Lineage) -> bool:
    """Return whether a stream's table has an older one that is not done."""
    older = [one for one in facts.lineages if one.stream.table == lineage.stream.table and one is not lineage]
    return any(
        one.stream.arn < lineage.stream.arn and not all(one.is_done(shard.shard_id) for shard in one.shards)
        for one in older
    )


def _streams(lineages: list[Lineage]) -> list[StreamOfTable]:
    by_table: dict[str, list[str]] = {}
    for lineage in lineages:
        by_table.setdefault(lineage.stream.table, []).append(lineage.stream.arn)
    return [StreamOfTable(table, *arns) for table, arns in by_table.items()]


def _workers(facts: Facts, shards: list[Shard]) -> list[Worker]:
    """Return the workers that live or have leases; one that is gone and has none is of no interest."""
    counts: dict[str, int] = {}
    for shard in shards:
        if shard.owner is not None:
            counts[shard.owner] = counts.get(shard.owner, 0) + 1
    silent = {*facts.kcl.last_seen, *facts.reports}
    alive = {worker_id for worker_id in silent if not facts.is_late(worker_id)}
    return [_worker(facts, worker_id, counts.get(worker_id, 0)) for worker_id in sorted(alive | set(counts))]


def _worker(facts: Facts, worker_id: str, shards: int) -> Worker:
    report = facts.reports.get(worker_id)
    return Worker(
        worker_id=worker_id,
        is_leader=worker_id == facts.kcl.leader,
        shards=shards,
        seen_seconds_ago=facts.silent_for(worker_id),
        is_late=facts.is_late(worker_id),
        host=report.host if report is not None else None,
        version=report.version if report is not None else None,
        since=report.since if report is not None else None,
        cpu_cores=report.cpu_cores if report is not None else None,
        memory_bytes=report.memory_bytes if report is not None else None,
        actions=report.actions if report is not None else [],
    )
