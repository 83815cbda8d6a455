"""One look at an application: everything is read once, and becomes an `Application`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.fleet import kcl_state, lags, lineage, orders_item, worker_report
from record_processor.fleet.assembly import Facts, application
from record_processor.fleet.lineage import Lineage
from record_processor.fleet.server_clock import ServerClock
from record_processor.records.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from record_processor.fleet.kcl_state import KclState
    from record_processor.fleet.model import Application
    from record_processor.fleet.oldest_records import Oldest, OldestRecords
    from record_processor.fleet.worker_report import ShardFigures, WorkerReport


class Target(NamedTuple):
    """Which application is looked at, and through what. A look may use it again and again."""

    name: str
    dynamodb: Any
    streams: Any
    """For descriptions."""
    oldest: OldestRecords
    lease_table: str
    coordinator_table: str
    metrics_table: str
    newest_streams: Mapping[str, str]
    """By entry of `streamName`: the ARN of the table's own stream, or the ARN that the entry is."""
    region: str
    begins_at_latest: bool
    """Where a stream is begun that the application has not read yet."""
    silent_seconds: float
    """A worker that has said nothing for longer may have lost its leases."""


def look(target: Target) -> Application:
    """Look once. Each shard costs at most one GetRecords.

    Raises:
        SetupError: the application has no lease table, or something may not be read.
    """
    clock = ServerClock()
    leases = kcl_state.read_leases(target.dynamodb, target.lease_table, clock)
    coordinator = kcl_state.scan(target.dynamodb, target.coordinator_table) or []
    metrics = kcl_state.scan(target.dynamodb, target.metrics_table) or []
    state = kcl_state.state_of(leases, coordinator, metrics)
    reports = worker_report.reports_in(coordinator)
    facts = Facts(
        name=target.name,
        region=target.region,
        at=clock.now(),
        silent_seconds=target.silent_seconds,
        kcl=state,
        reports={report.worker_id: report for report in reports},
        reported=_reported(reports, clock.now()),
        lineages=list(lineages(target, state)),
        orders=orders_item.orders_in(coordinator),
        oldest={},
    )
    return application(facts._replace(oldest=_oldest(target, facts), at=clock.now()))


def _reported(reports: list[WorkerReport], now: float) -> dict[tuple[str, str, str], ShardFigures]:
    return {
        (report.worker_id, figures.stream_arn, figures.shard_id): figures
        for report in reports
        if report.is_current(now)
        for figures in report.shards
    }


def lineages(target: Target, state: KclState) -> Iterator[Lineage]:
    """Yield the shards of each table's stream; if that replaces another one, of the old one directly before it."""
    for name, newest in target.newest_streams.items():
        read = state.known_streams.get(name, newest)
        # A stream that is replaced is read to its end first.
        for arn in dict.fromkeys([min(read, newest), newest]):
            shards = lineage.describe(target.streams, arn)
            yield Lineage(Stream(arn, target.region), shards, state.leases, state.is_multi)


def _oldest(target: Target, facts: Facts) -> dict[tuple[str, str], Oldest]:
    """Ask the streams what is not known otherwise."""
    positions = {
        (one.stream.arn, shard.shard_id): position
        for one in facts.lineages
        for shard in one.shards
        if (position := lags.position_of(one, shard, facts.figures(one, shard), target.begins_at_latest)) is not None
    }
    found = target.oldest.read(list(positions.values()))
    return {key: found[position] for key, position in positions.items()}
