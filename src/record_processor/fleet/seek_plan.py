"""Where shards are to begin again, and what that means for their parents and children: decided from values only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from record_processor.errors import SetupError
from record_processor.fleet.oldest_records import from_start

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

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


BEGINNING = Place()


class Move(msgspec.Struct, frozen=True):
    """A shard that begins elsewhere."""

    stream: Stream
    shard: StreamShard
    place: Place
    was: str | None
    """The checkpoint that its lease had; None: it had no lease."""
    was_done: bool


def everywhere(
    lineage: Lineage, created: Mapping[str, float | None], at: float | None, *, reopens: bool = True
) -> list[Move]:
    """Return what to move for all shards of a stream to begin at a time; None: with their oldest records.

    `created` has when each shard's oldest record was created; None: it has none. `reopens` is False if no shard that is
    done can have records of that time. Children come before their parents: if only some are written, those process
    something again, and nothing overtakes.
    """
    moves = {}
    for shard in lineage.shards:
        is_done = lineage.is_done(shard.shard_id)
        if is_done and (created[shard.shard_id] is None or not reopens):
            continue
        place = BEGINNING if at is None else _place(lineage, shard, created, Place.at_time(at))
        if place is not None:
            moves[shard.shard_id] = _move(lineage, shard, place)
    return _with_descendants(lineage, moves)


def one(lineage: Lineage, shard: StreamShard, place: Place) -> list[Move]:
    """Return what to move for one shard to begin at a place: if it had ended, what came after it is done again."""
    return _with_descendants(lineage, {shard.shard_id: _move(lineage, shard, place)})


def _place(lineage: Lineage, shard: StreamShard, created: Mapping[str, float | None], begin: Place) -> Place | None:
    """Return where a shard begins; None: it stays as it is."""
    oldest = created[shard.shard_id]
    if oldest is not None and not _is_before(oldest, begin):
        # All that it has is to be processed. One that nobody has begun yet begins so anyway.
        return None if _is_untouched(lineage, shard) else BEGINNING
    children = lineage.children.get(shard.shard_id, [])
    is_older = any(_is_before(created.get(child), begin) for child in children)
    return None if is_older and lineage.is_done(shard.shard_id) else begin


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
