"""The shards of a stream, and what follows from their leases: which are done, and which wait for others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.aws.clients import explained
from record_processor.fleet.kcl_names import lease_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.fleet.kcl_state import Lease
    from record_processor.records.stream import Stream


class StreamShard(msgspec.Struct, frozen=True):
    """A shard as the stream describes it."""

    shard_id: str
    parent: str | None = None
    is_closed: bool = False


class Lineage:
    """The shards of one stream with their leases."""

    def __init__(self, stream: Stream, shards: Sequence[StreamShard], leases: Mapping[str, Lease], is_multi: bool):
        self.stream = stream
        self.shards = shards
        self._by_id = {shard.shard_id: shard for shard in shards}
        keys = {shard.shard_id: lease_key(stream, shard.shard_id, is_multi) for shard in shards}
        self.leases = {shard_id: leases[key] for shard_id, key in keys.items() if key in leases}
        self.children: dict[str, list[str]] = {}
        for shard in shards:
            if shard.parent is not None:
                self.children.setdefault(shard.parent, []).append(shard.shard_id)
        self._passed = self._ancestors_of_leased()

    @property
    def was_read(self) -> bool:
        """Whether the application has begun with this stream."""
        return bool(self.leases)

    def is_done(self, shard_id: str) -> bool:
        """Return whether everything of a shard is done, and saved as such.

        KCL deletes the lease of an ended shard once its child shards are being read; and a shard that was closed before
        the application began at LATEST never had one.
        """
        lease = self.leases.get(shard_id)
        return lease.is_done if lease is not None else shard_id in self._passed

    def waits(self, shard: StreamShard) -> bool:
        """Return whether a shard may not be read yet, since its parent is not done."""
        return shard.parent in self._by_id and not self.is_done(shard.parent or "")

    def _ancestors_of_leased(self) -> set[str]:
        found: set[str] = set()
        for shard_id in self.leases:
            parent = self._by_id[shard_id].parent
            while parent in self._by_id and parent not in found:
                found.add(parent or "")
                parent = self._by_id[parent or ""].parent
        return found


def describe(streams: Any, arn: str) -> list[StreamShard]:
    """Return all shards of a stream, the oldest first; none if there is no such stream.

    Raises:
        SetupError: it cannot be described.
    """
    found: list[StreamShard] = []
    page: dict[str, Any] = {"StreamArn": arn}
    with explained(f"stream {arn}", "kinesisEndpoint"):
        while True:
            try:
                description = streams.describe_stream(**page)["StreamDescription"]
            except streams.exceptions.ResourceNotFoundException:
                return found
            found += map(_shard, description["Shards"])
            if not description.get("LastEvaluatedShardId"):
                # An id begins with the time when the shard was made.
                return sorted(found, key=lambda shard: shard.shard_id)
            page["ExclusiveStartShardId"] = description["LastEvaluatedShardId"]


def _shard(described: Mapping[str, Any]) -> StreamShard:
    is_closed = "EndingSequenceNumber" in described.get("SequenceNumberRange", {})
    return StreamShard(described["ShardId"], described.get("ParentShardId"), is_closed)
