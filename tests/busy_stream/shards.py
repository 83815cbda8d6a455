"""The shards of one stream: which item is where, what is in them, and how they end."""

from __future__ import annotations

import bisect
import itertools
import json
import time
import zlib
from typing import Any, NamedTuple

from tests.busy_stream.errors import ResourceNotFoundError, TrimmedDataAccessError, ValidationError

HASHES = 1 << 32
_MAX_RECORDS = 1000
_MAX_BYTES = 1024 * 1024

_numbers = itertools.count(1)


class Kept(NamedTuple):
    """A record in a shard."""

    sequence: int
    record: dict[str, Any]
    size_bytes: int


class Page(NamedTuple):
    records: list[dict[str, Any]]
    next_sequence: int | None
    """Where the next page begins; None at the end of a closed shard."""


class Shard:
    """A range of the items' hashes, from one sequence number to another."""

    def __init__(self, low: int, high: int, start: int, parent: str | None = None) -> None:
        self.id = f"shardId-{time.time_ns() // 1_000_000:020}-{next(_numbers):08x}"
        self.low, self.high = low, high
        self.start = start
        self.end: int | None = None
        """The last sequence number that it can have; None while it is open."""
        self.parent = parent
        self._kept: list[Kept] = []
        self._horizon = start
        """Records before this are trimmed."""

    @property
    def horizon(self) -> int:
        return self._horizon

    @property
    def newest(self) -> int:
        """Past the newest record."""
        return self._kept[-1].sequence + 1 if self._kept else self._horizon

    def newest_but(self, count: int) -> int:
        """Return where the newest records begin."""
        return self.newest if count == 0 else self._kept[-count].sequence if count <= len(self._kept) else self._horizon

    def add(self, kept: Kept) -> None:
        self._kept.append(kept)

    def trim(self, before: int) -> int:
        """Forget what is older; how many records that were."""
        at = self._position(before)
        del self._kept[:at]
        self._horizon = max(self._horizon, before)
        return at

    def page(self, start: int, limit: int) -> Page:
        """The records from a sequence number on, within AWS's limits of a call."""
        if start < self._horizon:
            raise TrimmedDataAccessError(
                "The operation attempted to read past the oldest stream record in a shard. "
                f"Requested sequence number {start}, trim horizon {self._horizon}"
            )
        records: list[dict[str, Any]] = []
        size = 0
        position = self._position(start)
        for kept in self._kept[position : position + min(limit, _MAX_RECORDS)]:
            size += kept.size_bytes
            if records and size > _MAX_BYTES:
                break
            records.append(kept.record)
        reached = position + len(records)
        if self.end is not None and reached == len(self._kept):
            return Page(records, None)
        return Page(records, self._kept[reached - 1].sequence + 1 if records else start)

    def described(self) -> dict[str, Any]:
        numbers = {"StartingSequenceNumber": written(self.start)}
        if self.end is not None:
            numbers["EndingSequenceNumber"] = written(self.end)
        described: dict[str, Any] = {"ShardId": self.id, "SequenceNumberRange": numbers}
        if self.parent is not None:
            described["ParentShardId"] = self.parent
        return described

    def _position(self, sequence: int) -> int:
        return bisect.bisect_left(self._kept, sequence, key=lambda kept: kept.sequence)


class Shards:
    """All shards of a stream, closed ones too, the oldest first."""

    def __init__(self, count: int) -> None:
        width = HASHES // count
        edges = [*(number * width for number in range(count)), HASHES]
        self._all = [Shard(low, high, 1) for low, high in itertools.pairwise(edges)]
        self._last = 0
        """The newest sequence number of the stream."""

    @property
    def all(self) -> list[Shard]:
        return list(self._all)

    @property
    def open(self) -> list[Shard]:
        return [shard for shard in self._all if shard.end is None]

    def find(self, shard_id: str) -> Shard:
        for shard in self._all:
            if shard.id == shard_id:
                return shard
        raise ResourceNotFoundError(f"Requested resource not found: Shard {shard_id}")

    def add(self, record: dict[str, Any]) -> None:
        change = record["dynamodb"]
        self._last = int(change["SequenceNumber"])
        place = hash_of(change["Keys"])
        (shard,) = [shard for shard in self.open if shard.low <= place < shard.high]
        size = int(change.get("SizeBytes", 0))
        shard.add(Kept(self._last, record, size))

    def split(self, shard: Shard) -> list[Shard]:
        """End a shard and continue in two, as DynamoDB does when a partition splits."""
        middle = (shard.low + shard.high) // 2
        return self._replace(shard, [(shard.low, middle), (middle, shard.high)])

    def roll(self, shard: Shard) -> list[Shard]:
        """End a shard and continue in one, as DynamoDB does every few hours."""
        return self._replace(shard, [(shard.low, shard.high)])

    def forget(self, shard: Shard) -> None:
        """A closed shard is gone a day after its end."""
        if shard.end is None:
            raise ValidationError(f"{shard.id} is open")
        self._all.remove(shard)

    def _replace(self, shard: Shard, ranges: list[tuple[int, int]]) -> list[Shard]:
        if shard.end is not None:
            raise ValidationError(f"{shard.id} is closed")
        shard.end = max(self._last, shard.start)
        children = [Shard(low, high, shard.end + 1, shard.id) for low, high in ranges]
        self._all += children
        return children


def hash_of(keys: dict[str, Any]) -> int:
    """Of an item; the same in every process."""
    return zlib.crc32(json.dumps(keys, sort_keys=True).encode())


def written(sequence: int) -> str:
    """A sequence number with as many digits as DynamoDB's have at least."""
    return f"{sequence:021}"
