"""Where shards are to begin again, and what that means for their parents and children: decided from values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from record_processor.errors import SetupError
from record_processor.fleet.oldest_records import from_start

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from record_processor.fleet.kcl_state import Lease
    from record_processor.fleet.lineage import Lineage, StreamShard
    from record_processor.records.stream import Stream

TRIM_HORIZON = "TRIM_HORIZON"
LATEST = "LATEST"


class Place(msgspec.Struct, frozen=True):
    """Where a shard begins, in the words of its lease."""

    checkpoint: str = TRIM_HORIZON
    """TRIM_HORIZON, LATEST with a time, or the number of the record before."""
    from_millis: int | None = None
    """With LATEST: records that were created before are passed over (decision 0087)."""

    @classmethod
    def at_time(cls, seconds: float) -> Place:
        return cls(LATEST, int(from_start(int(seconds * 1000)) * 1000))

    @classmethod
    def of(cls, lease: Lease) -> Place:
        """Return where a lease begins by itself."""
        return cls(lease.checkpoint, lease.latest_start_millis if lease.checkpoint == LATEST else None)


BEGINNING = Place()


class Times(NamedTuple):
    """When records of a stream's shards were created, in seconds since the epoch."""

    oldest: Mapping[str, float | None]
    """Each shard's oldest record; None: it has none."""
    left: Mapping[str, float]
    """The first record after a shard's checkpoint, for shards that are not to skip it."""


class Move(msgspec.Struct, frozen=True):
    """A shard that begins elsewhere."""

    stream: Stream
    shard: StreamShard
    place: Place
    was: str | None
    """The checkpoint that its lease had; None: it had no lease."""
    was_done: bool


def everywhere(lineage: Lineage, times: Times, at: float | None, *, reopens: bool = True) -> list[Move]:
    """Return what to move for all shards of a stream to begin at a time; None: with their oldest records.

    `reopens` is False if no shard that is done can have records of that time. Children come before their parents: if
    only some are written, those process something again, and nothing overtakes.
    """
    moves = {}
    for shard in lineage.shards:
        is_done = lineage.is_done(shard.shard_id)
        if is_done and (times.oldest[shard.shard_id] is None or not reopens):
            continue
        place = BEGINNING if at is None else _place(lineage, shard, times, at)
        if place is not None:
            moves[shard.shard_id] = _move(lineage, shard, place)
    return _with_descendants(lineage, moves)


def one(lineage: Lineage, shard: StreamShard, place: Place) -> list[Move]:
    """Return what to move for one shard to begin at a place: if it had ended, what came after it is done again."""
    return _with_descendants(lineage, {shard.shard_id: _move(lineage, shard, place)})


def at_time(lineage: Lineage, shard: StreamShard, times: Times, at: float) -> Place:
    """Return where a shard begins, which does not skip what is left of it."""
    begin, lease = Place.at_time(at), lineage.leases.get(shard.shard_id)
    if not _is_before(times.left.get(shard.shard_id), begin):
        return begin
    # At its checkpoint, even if that has moved on meanwhile: else some of what came later would not come again.
    return BEGINNING if lease is None else Place.of(lease)


def _place(lineage: Lineage, shard: StreamShard, times: Times, at: float) -> Place | None:
    """Return where a shard begins; None: it stays as it is."""
    begin, oldest = Place.at_time(at), times.oldest[shard.shard_id]
    if oldest is not None and not _is_before(oldest, begin):
        # All that it has is to be processed. One that nobody has begun yet begins so anyway.
        return None if _is_untouched(lineage, shard) else BEGINNING
    if lineage.is_done(shard.shard_id):
        children = lineage.children.get(shard.shard_id, [])
        is_older = any(_is_before(times.oldest.get(child), begin) for child in children)
        return None if is_older else begin
    place = at_time(lineage, shard, times, at)
    return None if place == BEGINNING and _is_untouched(lineage, shard) else place


def _is_before(created: float | None, begin: Place) -> bool:
    return created is not None and created * 1000 < (begin.from_millis or 0)


def _is_untouched(lineage: Lineage, shard: StreamShard) -> bool:
    """Return whether nobody has begun with a shard, nor is beginning now: what is not saved yet is not seen here."""
    lease = lineage.leases.get(shard.shard_id)
    if lease is None:
        return not lineage.is_done(shard.shard_id)
    return lease.checkpoint == TRIM_HORIZON and lease.owner is None


def _with_descendants(lineage: Lineage, moves: dict[str, Move]) -> list[Move]:
    """Add what comes after a shard that is done and is opened again, and sort: children before their parents."""
    by_id = {shard.shard_id: shard for shard in lineage.shards}
    opened = [shard_id for shard_id, move in moves.items() if move.was_done]
    for shard_id in _descendants(lineage, opened):
        # Its lease is written even if it is at its beginning: a worker may just have begun with it.
        if shard_id in lineage.leases or lineage.is_done(shard_id):
            moves[shard_id] = _move(lineage, by_id[shard_id], BEGINNING)
    return sorted(moves.values(), key=lambda move: -_generation(by_id, move.shard))


def _descendants(lineage: Lineage, shard_ids: Sequence[str]) -> Collection[str]:
    found: dict[str, None] = {}
    left = [*shard_ids]
    while left:
        for child in lineage.children.get(left.pop(), []):
            if child not in found:
                found[child] = None
                left.append(child)
    return found


def _generation(by_id: Mapping[str, StreamShard], shard: StreamShard) -> int:
    generation, parent = 0, shard.parent
    while parent in by_id:
        generation, parent = generation + 1, by_id[parent or ""].parent
    return generation


def _move(lineage: Lineage, shard: StreamShard, place: Place) -> Move:
    lease = lineage.leases.get(shard.shard_id)
    was = lease.checkpoint if lease is not None else None
    return Move(lineage.stream, shard, place, was, lineage.is_done(shard.shard_id))


def is_ahead(lineage: Lineage, shard: StreamShard, place: Place) -> bool:
    """Return whether a shard that is not done may skip something if it begins after this record."""
    lease = lineage.leases.get(shard.shard_id)
    if place == BEGINNING or lineage.is_done(shard.shard_id):
        return False
    return lease is None or not lease.checkpoint.isdigit() or int(place.checkpoint) > int(lease.checkpoint)


def before(numbers: Sequence[str], wanted: str, shard_id: str) -> str | None:
    """Return the number before a wanted one, among a shard's numbers in order; None: there is none before it.

    Raises:
        SetupError: the shard has no such record, or no longer.
    """
    at = next((at for at, number in enumerate(numbers) if int(number) == int(wanted)), None)
    if at is not None:
        return numbers[at - 1] if at else None
    oldest = f"its oldest record is {numbers[0]}" if numbers else "it has no records"
    raise SetupError(
        f"--to {wanted}: shard {shard_id} has no record with this sequence number, or no longer: {oldest}. "
        "DynamoDB removes records after 24 hours"
    )
