"""What a shard is doing: decided from values only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.fleet.model import State

if TYPE_CHECKING:
    from record_processor.fleet.lineage import Lineage, StreamShard
    from record_processor.fleet.worker_report import ShardFigures


def state_of(
    lineage: Lineage,
    shard: StreamShard,
    figures: ShardFigures | None,
    *,
    waits_for_old_stream: bool,
    owner_is_late: bool,
    owner_reports: bool,
    is_to_pause: bool = False,
) -> State:
    """Return the first state that fits.

    Args:
        lineage: of the shard's stream.
        shard: one of its shards.
        figures: what its owner says about it; None if nothing.
        waits_for_old_stream: its table's old stream is not done.
        owner_is_late: its owner has not said for long that it lives.
        owner_reports: its owner reports its shards, this one or others.
        is_to_pause: it is ordered to pause, or one of its actions is.
    """
    lease = lineage.leases.get(shard.shard_id)
    if lineage.is_done(shard.shard_id):
        return State.ENDED
    if waits_for_old_stream or lineage.waits(shard):
        return State.WAITING
    if lease is None or lease.owner is None:
        return State.UNOWNED
    if owner_is_late or (figures is not None and figures.is_late):
        return State.LATE
    if figures is None and is_to_pause:
        return State.PAUSED
    if figures is None:
        return State.STARTING if owner_reports else State.READING
    if not figures.is_running:
        return State.STARTING
    # A process with nothing to do says only now and then where it is.
    if figures.is_paused if figures.pending else is_to_pause:
        return State.PAUSED
    return State.BLOCKED if figures.blocks else State.READING
