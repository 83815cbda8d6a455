"""A plan to seek, for people."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from record_processor.fleet.kcl_state import SHARD_END
from record_processor.fleet.seek_plan import BEGINNING, LATEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from record_processor.fleet.model import Shard
    from record_processor.fleet.seek_plan import Move, Place


NO_LEASE = "none"
"""The checkpoint of a shard whose lease is deleted, or was never made."""


def checkpoint(place: Place) -> str:
    """Return a place as a lease has it."""
    if place.from_millis is None:
        return place.checkpoint
    return f"{place.checkpoint} from {moment(place.from_millis / 1000)}"


def moment(seconds: float) -> str:
    """Return a time as it can be given to `--to`."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def lines(
    moves: Iterable[Move], shards: Mapping[tuple[str, str], Shard], created: Mapping[str, float | None]
) -> Iterator[str]:
    """Yield a line for each shard that begins elsewhere, the oldest first."""
    for move in sorted(moves, key=lambda move: (move.stream.table, move.shard.shard_id)):
        shard = shards[move.stream.arn, move.shard.shard_id]
        oldest = created.get(move.shard.shard_id)
        yield f"{move.stream.table} {move.shard.shard_id}: {_now(move, shard)}; {_then(move, shard, oldest)}"


def _now(move: Move, shard: Shard) -> str:
    if move.was_done:
        return "ended, all of it is done"
    done = f"done up to {shard.checkpoint}" if (shard.checkpoint or "").isdigit() else "nothing is saved as done"
    return f"{done}, {_left(shard)}"


def _left(shard: Shard) -> str:
    if shard.lag.oldest_at is not None:
        return f"left from {moment(shard.lag.oldest_at)} on"
    return (
        "nothing is left" if shard.lag.seconds is not None else "what is left is not known: the stream did not answer"
    )


def _then(move: Move, shard: Shard, oldest: float | None) -> str:
    if move.place == BEGINNING:
        since = "" if oldest is None else f", of {moment(oldest)}"
        return f"begins with its oldest record{since}: processes all of it{_again(move, shard)}"
    if move.place.checkpoint != LATEST:
        return f"begins after {move.place.checkpoint}{_between(move, shard)}"
    at = (move.place.from_millis or 0) / 1000
    left = shard.lag.oldest_at
    if not move.was_done and left is not None and left < at:
        return f"begins at {moment(at)}: skips what is left from {moment(left)} until then"
    if not move.was_done and shard.lag.seconds is None:
        return f"begins at {moment(at)}: skips what is left until then, if anything is"
    return f"begins at {moment(at)}: processes{_again(move, shard)} what was written from then on"


def _again(move: Move, shard: Shard) -> str:
    return " again" if move.was_done or shard.checkpoint not in (None, "TRIM_HORIZON", SHARD_END) else ""


def _between(move: Move, shard: Shard) -> str:
    saved, wanted = shard.checkpoint or "", move.place.checkpoint
    if move.was_done or (saved.isdigit() and int(wanted) < int(saved)):
        return ": processes again what is between"
    return ", where it is" if saved == wanted else ": skips what is between"
