"""The oldest record that is not done, of many shards at once: one GetRecords of one record for each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from record_processor.aws.clients import explained

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.aws.quick_calls import QuickCalls

AT_ONCE = 32
"""How many requests run at the same time."""
# A shard that began at LATEST is read from its oldest record, and what is older than that moment does not count.
_PAGE = 1000
_GRAIN_SECONDS = 1.0
_REFUSALS = frozenset({"AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"})

_TRIMMED = "TrimmedDataAccessException"
_GONE = "ResourceNotFoundException"

_TRIM_HORIZON = "TRIM_HORIZON"


class Position(msgspec.Struct, frozen=True):
    """A place in a shard."""

    stream_arn: str
    shard_id: str
    after: str | None = None
    """A sequence number; None: the shard's beginning."""
    created_from: float | None = None
    """Records that were created before do not count (seconds since the epoch)."""
    is_closed: bool = False
    """Whether the shard has an end: then an empty page may have others behind it."""


class Oldest(msgspec.Struct, frozen=True):
    """The first record after a position."""

    created_at: float | None = None
    """None: there is none."""
    is_known: bool = True
    """False: the service did not answer, or with an empty page that may not be the last."""
    is_trimmed: bool = False
    """Whether records directly after the position were trimmed."""


class OldestRecords:
    """Reads them. It remembers iterators, so that the next look goes on where an empty page was. Thread-safe."""

    def __init__(self, streams: QuickCalls) -> None:
        """`streams` has as many connections as `AT_ONCE`."""
        self._streams = streams
        self._iterators: dict[Position, str] = {}

    def read(self, positions: Sequence[Position]) -> dict[Position, Oldest]:
        """Return what is after each position.

        Raises:
            SetupError: this user may not read the stream.
        """
        with ThreadPoolExecutor(min(AT_ONCE, max(1, len(positions))), "oldest-records") as threads:
            return dict(zip(positions, threads.map(self._read, positions), strict=True))

    def _read(self, position: Position) -> Oldest:
        with explained(f"stream {position.stream_arn}", "kinesisEndpoint"):
            try:
                return self._look(position)
            except ClientError as error:
                code = _code(error)
                if code in _REFUSALS:
                    raise
                # A shard that is gone is gone with its last record. Most other refusals are that too many read it.
                return Oldest(is_known=code == _GONE, is_trimmed=code == _TRIMMED)
            except (BotoCoreError, ResponseParserError):
                return Oldest(is_known=False)

    def _look(self, position: Position) -> Oldest:
        known, is_trimmed = self._iterators.pop(position, None), False
        try:
            iterator = known or self._iterator(position)
        except ClientError as error:
            if _code(error) != _TRIMMED:
                raise
            iterator, is_trimmed = self._iterator(msgspec.structs.replace(position, after=None)), True
        limit = 1 if position.created_from is None else _PAGE
        page = self._streams.call("GetRecords", ShardIterator=iterator, Limit=limit)
        times = [_created_at(record) for record in page.get("Records", [])]
        first = next((at for at in times if position.created_from is None or at >= position.created_from), None)
        following = page.get("NextShardIterator")
        if first is None and following is not None:
            self._iterators[position] = following
        is_known = first is not None or following is None or not position.is_closed
        return Oldest(first, is_known, is_trimmed)

    def _iterator(self, position: Position) -> str:
        start = {"ShardIteratorType": _TRIM_HORIZON}
        if position.after is not None:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position.after}
        shard = {"StreamArn": position.stream_arn, "ShardId": position.shard_id}
        iterator: str = self._streams.call("GetShardIterator", **shard, **start)["ShardIterator"]
        return iterator


def from_start(latest_start_millis: int) -> float:
    """Return from when on records count in a shard that was first started at that moment: times are whole seconds."""
    return latest_start_millis / 1000 // _GRAIN_SECONDS * _GRAIN_SECONDS


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))


def _created_at(record: Mapping[str, Any]) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])
