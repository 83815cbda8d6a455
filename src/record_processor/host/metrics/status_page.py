"""What `record-processor status --json` shows of an application, for one worker: without a call to AWS.

What only the tables know (parents, checkpoints, other workers, shards of nobody) is null, or not there.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from record_processor import __version__
from record_processor.fleet.model import Application, Basis, Lag, Shard, State, StreamOfTable, Worker
from record_processor.records.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.fleet.worker_report import ShardFigures
    from record_processor.host.metrics.collecting import Identity
    from record_processor.host.metrics.figures import Figures


def encoded(figures: Figures, who: Identity, region: str, streams: Mapping[str, str]) -> bytes:
    """Return the page; `streams` has the ARNs of what is read."""
    shards = [_shard(one, figures, who) for one in figures.shards]
    totals = figures.counted.totals()
    leads = figures.jvm is not None and figures.jvm.leads
    application = Application(
        name=who.application,
        region=region,
        at=figures.at,
        streams=[StreamOfTable(Stream(arn, region).table, arn) for arn in streams.values()],
        leader=who.worker_id if leads else None,
        workers=[
            Worker(
                worker_id=who.worker_id,
                is_leader=leads,
                shards=figures.jvm.leases_held if figures.jvm is not None else len(shards),
                seen_seconds_ago=max(0.0, time.time() - figures.jvm.at) if figures.jvm is not None else None,
                host=who.host,
                version=__version__,
                since=who.since + figures.ahead_seconds,
                cpu_cores=figures.usage.cpu_cores,
                memory_bytes=figures.usage.memory_bytes,
                actions=totals,
            )
        ],
        shards=shards,
        lag_seconds=max((shard.lag.seconds or 0.0 for shard in shards), default=0.0),
        blocked=sum(shard.state is State.BLOCKED for shard in shards),
        dead_letters=sum(one.dead_letters for one in totals),
    )
    return msgspec.json.encode(application)


def _shard(one: ShardFigures, figures: Figures, who: Identity) -> Shard:
    lag = figures.lags[one.stream_arn, one.shard_id]
    return Shard(
        table=Stream(one.stream_arn).table,
        stream_arn=one.stream_arn,
        shard_id=one.shard_id,
        parent=None,
        children=[],
        state=_state(one),
        lag=Lag(
            seconds=lag.seconds,
            oldest_at=one.oldest_at,
            trimmed_in_seconds=lag.trimmed_in_seconds if one.oldest_at is not None else None,
            basis=Basis.REPORT,
        ),
        owner=who.worker_id,
        checkpoint_age_seconds=None if one.saved_at is None else figures.at - one.saved_at,
        records_per_second=one.records_per_second,
        pending=one.pending,
        restarts=one.restarts,
        blocks=one.blocks,
    )


def _state(one: ShardFigures) -> State:
    if one.is_late:
        return State.LATE
    if not one.is_running:
        return State.STARTING
    if one.is_paused:
        return State.PAUSED
    return State.BLOCKED if one.blocks else State.READING
