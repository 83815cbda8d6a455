"""From a worker's figures to the samples of its metrics."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from record_processor import __version__
from record_processor.delivery.shard_report import HISTOGRAMS
from record_processor.host.metrics import catalogue
from record_processor.host.metrics.exposition import Metric, Sample
from record_processor.records.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from record_processor.delivery.shard_report import Content
    from record_processor.host.metrics.figures import Figures
    from record_processor.host.metrics.jvm_report import JvmReport

_CRASH_LOOP_RESTARTS = 3
# Of how a shard process ends, what counts as a restart (docs/reference/process-contract.md).
_RESTARTED = ("call_timeout", "defect", "actions", "killed")


class Identity(NamedTuple):
    """Who a worker is."""

    application: str
    worker_id: str
    host: str
    since: float
    tables: tuple[str, ...]
    """The tables that it reads: they have figures before a shard is read."""
    actions: tuple[str, ...]


class _Shard(NamedTuple):
    """What is shown of a shard. Everything in seconds, records or bytes."""

    table: str
    shard_id: str
    lag: float
    trimmed_in: float
    blocked: float
    """0: it is not."""
    pending: int
    pending_bytes: int
    unsaved: float
    restarts: int


def samples(figures: Figures, who: Identity, per_shard: bool) -> Iterator[Sample]:
    shards = [_shard(content, figures) for content in figures.contents]
    yield from _of_worker(figures, who)
    yield from _of_jvm(figures.jvm, who)
    yield from _of_tables(figures, who, shards)
    yield from _of_actions(figures, who)
    if per_shard:
        yield from _of_shards(shards)


def _shard(content: Content, figures: Figures) -> _Shard:
    header, snapshot = content.header, content.snapshot
    lag = figures.lags[header.stream_arn, header.shard_id]
    now = figures.at - figures.ahead_seconds  # the process has this host's clock
    return _Shard(
        table=_table(content),
        shard_id=header.shard_id,
        lag=lag.seconds,
        trimmed_in=lag.trimmed_in_seconds,
        blocked=max((now - block.since for block in snapshot.blocks), default=0.0),
        pending=snapshot.pending,
        pending_bytes=snapshot.pending_bytes,
        unsaved=0.0 if snapshot.unsaved_since is None else max(0.0, now - snapshot.unsaved_since),
        restarts=header.restarts,
    )


def _table(content: Content) -> str:
    return Stream(content.header.stream_arn).table


def _of_worker(figures: Figures, who: Identity) -> Iterator[Sample]:
    yield Sample(catalogue.INFO, 1, (who.application, who.worker_id, who.host, __version__))
    yield Sample(catalogue.START_TIME, who.since)
    if figures.usage.cpu_cores is not None:
        yield Sample(catalogue.CPU_CORES, figures.usage.cpu_cores)
    if figures.usage.memory_bytes is not None:
        yield Sample(catalogue.MEMORY_BYTES, figures.usage.memory_bytes)


def _of_jvm(jvm: JvmReport | None, who: Identity) -> Iterator[Sample]:
    yield Sample(catalogue.JVM_UP, int(jvm is not None and jvm.is_fresh))
    yield Sample(catalogue.LEADER, int(jvm is not None and jvm.leads), (who.application,))
    if jvm is None:
        return
    yield Sample(catalogue.LEASES_HELD, jvm.leases_held)
    yield Sample(catalogue.LEASES_LATE, jvm.leases_late)
    yield Sample(catalogue.LEASES_LOST, jvm.leases_lost)
    if jvm.renewed_seconds_ago is not None:
        yield Sample(catalogue.RENEWAL_AGE, jvm.renewed_seconds_ago)
    yield Sample(catalogue.FORKER, int(jvm.forks and jvm.forker_gone_seconds is None))
    # From 0 on: of a series that begins with 1, Prometheus sees no increase.
    none = {(table, reason): 0 for table in who.tables for reason in _RESTARTED}
    for key, count in {**none, **{(one.table, one.reason): one.count for one in jvm.restarts}}.items():
        yield Sample(catalogue.RESTARTS, count, key)
    yield from _memory(jvm)
    for collector in jvm.collectors:
        yield Sample(catalogue.JVM_COLLECTIONS, collector.count, (collector.name,))
        yield Sample(catalogue.JVM_GC_SECONDS, collector.seconds, (collector.name,))
    yield Sample(catalogue.JVM_THREADS, jvm.threads)


def _memory(jvm: JvmReport) -> Iterator[Sample]:
    for one in jvm.memory:
        yield Sample(catalogue.JVM_USED, one.used, (one.area,))
        yield Sample(catalogue.JVM_COMMITTED, one.committed, (one.area,))
        if one.max >= 0:
            yield Sample(catalogue.JVM_MAX, one.max, (one.area,))


def _of_tables(figures: Figures, who: Identity, shards: Iterable[_Shard]) -> Iterator[Sample]:
    by_table: dict[str, list[_Shard]] = {table: [] for table in who.tables}
    for shard in shards:
        by_table.setdefault(shard.table, []).append(shard)
    for table, of_it in by_table.items():
        for metric, value in _summed(of_it):
            yield Sample(metric, value, (table,))
        none = [0] * len(catalogue.COUNTED_OF_SHARDS)
        numbers = figures.counted.of_shards.get(table, none)
        for metric, number in zip(catalogue.COUNTED_OF_SHARDS, numbers, strict=True):
            yield Sample(metric, number, (table,))


def _summed(shards: list[_Shard]) -> Iterator[tuple[Metric, float]]:
    yield catalogue.SHARDS, len(shards)
    yield catalogue.BLOCKED_SHARDS, sum(shard.blocked > 0 for shard in shards)
    yield catalogue.CRASHING_SHARDS, sum(shard.restarts >= _CRASH_LOOP_RESTARTS for shard in shards)
    yield catalogue.PENDING_RECORDS, sum(shard.pending for shard in shards)
    yield catalogue.PENDING_BYTES, sum(shard.pending_bytes for shard in shards)
    if shards:  # whoever reads the shards knows how late they are
        yield catalogue.LAG_SECONDS, max(shard.lag for shard in shards)
        yield catalogue.TRIMMED_IN_SECONDS, min(shard.trimmed_in for shard in shards)
        yield catalogue.UNSAVED_SECONDS, max(shard.unsaved for shard in shards)


def _of_actions(figures: Figures, who: Identity) -> Iterator[Sample]:
    blocked = _blocked(figures)
    known = {(table, action) for table in who.tables for action in who.actions}
    for key in sorted(known | figures.counted.of_actions.keys()):
        yield Sample(catalogue.BLOCKED_SECONDS, blocked.get(key, 0.0), key)
        numbers = figures.counted.of_actions.get(key, [0] * HISTOGRAMS[-1].end)
        for metric, number in zip(catalogue.COUNTED, numbers, strict=False):
            yield Sample(metric, number, key)
        for metric, histogram in zip(catalogue.DISTRIBUTED, HISTOGRAMS, strict=True):
            yield Sample(metric, histogram.read(numbers), key)


def _blocked(figures: Figures) -> dict[tuple[str, str], float]:
    now = figures.at - figures.ahead_seconds
    blocked: dict[tuple[str, str], float] = defaultdict(float)
    for content in figures.contents:
        for block in content.snapshot.blocks:
            key = _table(content), block.action
            blocked[key] = max(blocked[key], now - block.since)
    return blocked


def _of_shards(shards: Iterable[_Shard]) -> Iterator[Sample]:
    for shard in shards:
        labels = shard.table, shard.shard_id
        yield Sample(catalogue.SHARD_LAG_SECONDS, shard.lag, labels)
        yield Sample(catalogue.SHARD_BLOCKED_SECONDS, shard.blocked, labels)
        yield Sample(catalogue.SHARD_PENDING_RECORDS, shard.pending, labels)
        yield Sample(catalogue.SHARD_UNSAVED_SECONDS, shard.unsaved, labels)
        yield Sample(catalogue.SHARD_RESTARTS, shard.restarts, labels)
