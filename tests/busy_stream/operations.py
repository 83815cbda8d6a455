"""The four calls of DynamoDB Streams, over the shards of the stand-in."""

from __future__ import annotations

import base64
import json
import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from tests.busy_stream.errors import (
    ExpiredIteratorError,
    InternalServerError,
    ThrottlingError,
    ValidationError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.busy_stream.dialect import Dialect
    from tests.busy_stream.shards import Shard, Shards

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
_ITERATOR_SECONDS = 900
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-dynamodb-streams
_READS_PER_SECOND = 5
_SHARDS_A_PAGE = 100


class Stream:
    """One stream, described by the database and shown with other shards."""

    def __init__(
        self, description: dict[str, Any], shards: Shards, clock: Callable[[], float], dialect: Dialect
    ) -> None:
        self.source_arn: str = description["StreamArn"]
        """The database's."""
        self.arn = dialect.arn(self.source_arn)
        self.dialect = dialect
        self.shards = shards
        self.lost: str | None = None
        """What the database has forgotten of it: from then on nothing is answered, since it would not be true."""
        self.lock = threading.RLock()
        self.limited = True
        self.hidden: set[str] = set()
        """Shards that the next listings leave out, though their children are in them."""
        self._description = {**description, "StreamArn": self.arn}
        self._clock = clock
        self._reads: dict[str, deque[float]] = defaultdict(deque)

    def take(self, record: dict[str, Any]) -> None:
        """A change of the table, the next in order; the lock is held."""
        self.shards.add(self.dialect.written(record))

    def require(self) -> None:
        """Raise an error where something is lost."""
        if self.lost is not None:
            raise InternalServerError(self.lost)

    def describe(self, call: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            found = [shard for shard in self.shards.all if shard.id not in self.hidden]
        wanted = call.get("ShardFilter")
        if wanted is not None:
            found = [shard for shard in found if shard.parent == wanted["ShardId"]]
        start = call.get("ExclusiveStartShardId")
        if start is not None:
            found = found[self._position_of(start, found) + 1 :]
        limit = min(int(call.get("Limit", _SHARDS_A_PAGE)), _SHARDS_A_PAGE)
        page = found[:limit]
        description = {**self._description, "Shards": [shard.described() for shard in page]}
        description.pop("LastEvaluatedShardId", None)
        if len(found) > limit:
            description["LastEvaluatedShardId"] = page[-1].id
        return {"StreamDescription": description}

    def iterator(self, call: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            shard = self.shards.find(call["ShardId"])
            return {"ShardIterator": self._made(shard, self._begin(shard, call))}

    def records(self, token: dict[str, Any], limit: int) -> dict[str, Any]:
        if self._clock() - token["made"] > _ITERATOR_SECONDS:
            raise ExpiredIteratorError("Iterator expired. The iterator was created at time " + str(token["made"]))
        with self.lock:
            self._count(token["shard"])
            shard = self.shards.find(token["shard"])
            page = shard.page(token["from"], limit)
            answer: dict[str, Any] = {"Records": page.records}
            if page.next_sequence is not None:
                answer["NextShardIterator"] = self._made(shard, page.next_sequence)
            return answer

    @staticmethod
    def _position_of(shard_id: str, found: list[Shard]) -> int:
        for position, shard in enumerate(found):
            if shard.id == shard_id:
                return position
        raise ValidationError(f"ExclusiveStartShardId {shard_id} is not there")

    def _begin(self, shard: Shard, call: dict[str, Any]) -> int:
        kind = call["ShardIteratorType"]
        if kind == "TRIM_HORIZON":
            return shard.horizon
        if kind == "LATEST":
            return shard.newest
        if kind not in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
            raise ValidationError(f"unknown ShardIteratorType {kind}")
        begin: int = int(call["SequenceNumber"]) + (kind == "AFTER_SEQUENCE_NUMBER")
        # A position directly after the last trimmed record has lost nothing.
        shard.page(max(begin, shard.horizon) if begin == shard.horizon - 1 else begin, 0)
        return begin

    def _made(self, shard: Shard, begin: int) -> str:
        token = {"arn": self.arn, "shard": shard.id, "from": begin, "made": self._clock()}
        return base64.urlsafe_b64encode(json.dumps(token).encode()).decode()

    def _count(self, shard_id: str) -> None:
        reads, now = self._reads[shard_id], self._clock()
        while reads and now - reads[0] >= 1:
            reads.popleft()
        if self.limited and len(reads) >= _READS_PER_SECOND:
            raise ThrottlingError("Rate of requests exceeds the allowed throughput.")
        reads.append(now)


def token_of(call: dict[str, Any]) -> dict[str, Any]:
    """The content of an iterator."""
    try:
        token: dict[str, Any] = json.loads(base64.urlsafe_b64decode(call["ShardIterator"]))
    except (ValueError, KeyError):
        raise ValidationError("Invalid ShardIterator") from None
    return token
