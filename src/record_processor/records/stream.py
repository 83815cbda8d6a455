"""Where records come from: a stream of a table, and one of its shards."""

from __future__ import annotations

import msgspec


class Stream(msgspec.Struct, frozen=True):
    """The stream that a shard belongs to."""

    arn: str
    """``arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/stream/LABEL``"""
    worker_region: str = ""
    """The worker's `regionName`: DynamoDB Local's ARNs name a region that does not exist."""

    @property
    def table(self) -> str:
        return self.arn.split("/")[1]

    @property
    def table_arn(self) -> str:
        return self.arn.partition("/stream/")[0]

    @property
    def label(self) -> str:
        """When this stream of its table was created: a replacement has a later time."""
        return self.arn.partition("/stream/")[2]

    @property
    def region(self) -> str:
        return self.worker_region or self.arn.split(":")[3]

    @property
    def is_dynamodb_locals(self) -> bool:
        return self.arn.startswith("arn:aws:dynamodb:ddblocal:")


NO_STREAM = Stream("")


class Shard(msgspec.Struct, frozen=True):
    """Where an action's records come from."""

    shard_id: str
    stream: Stream
