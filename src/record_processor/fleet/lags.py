"""How far a shard is behind: what is computed, without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.fleet.model import Basis, Lag
from record_processor.fleet.oldest_records import Position, from_start

if TYPE_CHECKING:
    from record_processor.fleet.kcl_state import Lease
    from record_processor.fleet.lineage import Lineage, StreamShard
    from record_processor.fleet.oldest_records import Oldest
    from record_processor.fleet.worker_report import ShardFigures

KEPT_SECONDS = 24 * 3600.0
"""How long DynamoDB keeps a record."""
_LATEST = "LATEST"
# The stream's time and ours differ by less: a shard that keeps up with it has a speed of about 1.
_LEAST_GAIN = 0.01


def newer(one: str | None, other: str | None) -> str | None:
    """Return the larger of two sequence numbers."""
    return max((number for number in (one, other) if number), key=int, default=None)


def position_of(
    lineage: Lineage, shard: StreamShard, figures: ShardFigures | None, begins_at_latest: bool
) -> Position | None:
    """Return where the records begin that are not done; None if there is nothing to look for.

    `begins_at_latest` says where a stream is begun that the application has not read yet.
    """
    lease = lineage.leases.get(shard.shard_id)
    if lineage.is_done(shard.shard_id) or (figures is not None and figures.oldest_at is not None):
        return None
    if lease is None and not lineage.was_read and begins_at_latest:
        return None
    saved = lease.checkpoint if lease is not None and lease.checkpoint.isdigit() else None
    done = newer(saved, figures.done_up_to if figures is not None else None)
    begun = None
    if done is None and lease is not None and lease.checkpoint == _LATEST:
        if lease.latest_start_millis is None:
            return None
        begun = from_start(lease.latest_start_millis)
    return Position(lineage.stream.arn, shard.shard_id, done, begun, shard.is_closed)


def lag_of(now: float, oldest: Oldest | None, figures: ShardFigures | None) -> Lag:
    """Return the lag of a shard: `oldest` is what its stream said, None if it was not asked."""
    basis = Basis.CHECKPOINT if figures is None else Basis.REPORT
    if oldest is not None and not oldest.is_known:
        # Its owner may be who reads so often that nobody else can.
        is_done = figures is not None and figures.has_caught_up and not figures.pending
        return Lag(0.0 if is_done else None, basis=basis)
    oldest_at = figures.oldest_at if oldest is None and figures is not None else oldest.created_at if oldest else None
    if oldest_at is None:
        return Lag(0.0, basis=basis)
    seconds = max(0.0, _true_at(now, oldest_at, figures) - oldest_at)
    return Lag(
        seconds=seconds,
        oldest_at=oldest_at,
        trimmed_in_seconds=oldest_at + KEPT_SECONDS - now,
        catch_up_seconds=_catch_up_seconds(seconds, figures),
        basis=basis,
    )


def _true_at(now: float, oldest_at: float, figures: ShardFigures | None) -> float:
    """Return when it was so that this record was the oldest.

    While records are done, that was when the owner said so: by now they are done, and others are the oldest. And of a
    record that was created later, the owner could not say anything.
    """
    if figures is None or figures.blocks or not (figures.is_moving or oldest_at > figures.at):
        return now
    return figures.at


def _catch_up_seconds(lag_seconds: float, figures: ShardFigures | None) -> float | None:
    gain = None if figures is None or figures.speed is None else figures.speed - 1
    return lag_seconds / gain if gain is not None and gain > _LEAST_GAIN else None


def checkpoint_of(lease: Lease | None) -> str | None:
    return lease.checkpoint or None if lease is not None else None
