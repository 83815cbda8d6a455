"""What KCL's lease table says about one stream, and the leases of a stream that replaces another.

The leases have the shape that the DynamoDB Streams adapter gives them (DynamoDBStreamsShardSyncer, KinesisMapperUtil).
"""

from __future__ import annotations

import contextlib
from typing import Any

from botocore.exceptions import ClientError

from record_processor.aws.clients import explained
from record_processor.fleet.kcl_names import lease_key, new_lease
from record_processor.host.stream_arns import parts_of
from record_processor.records.stream import Stream

_SHARD_END = "SHARD_END"


class StreamLeases:
    """The leases of an application, in its form (`single` or `multi`)."""

    def __init__(self, dynamodb: Any, streams: Any, lease_table: str, mode: str) -> None:
        self._dynamodb = dynamodb
        self._streams = streams
        self._table = lease_table
        self._mode = mode

    def are_done(self, arn: str) -> bool:
        """Return whether all of a stream that no longer grows has been processed, or can no longer be read.

        Raises:
            SetupError: the stream cannot be described, or the lease table cannot be read.
        """
        shards = self._shards(arn)
        parents = {shard.get("ParentShardId") for shard in shards}
        last = [shard for shard in shards if shard["ShardId"] not in parents]
        return all(self._checkpoint(arn, shard["ShardId"]) == _SHARD_END for shard in last)

    def any(self) -> bool:
        """Return whether the application has leases of any stream."""
        with explained(f"lease table {self._table}"):
            return bool(self._dynamodb.scan(TableName=self._table, Limit=1)["Items"])

    def exist(self, arn: str) -> bool:
        """Return whether any shard of the stream has a lease. Raises what `are_done` raises."""
        return any(self._checkpoint(arn, shard["ShardId"]) for shard in self._shards(arn))

    def next_of(self, arn: str, latest: str) -> str:
        """Return the stream that its table had, or has, after `arn`: it may have been replaced more than once since.

        If the list of a table's streams may not be read, this is `latest`.
        """
        found: list[str] = []
        page: dict[str, Any] = {"TableName": parts_of(arn)["table"]}
        with contextlib.suppress(ClientError):
            while True:
                answer = self._streams.list_streams(**page)
                found += [stream["StreamArn"] for stream in answer["Streams"]]
                if not answer.get("LastEvaluatedStreamArn"):
                    break
                page["ExclusiveStartStreamArn"] = answer["LastEvaluatedStreamArn"]
        return min((one for one in found if arn < one < latest), default=latest)

    def create(self, arn: str) -> None:
        """Have the stream read from its beginning, whatever `initialPositionInStream` says about unknown streams.

        Raises:
            SetupError: the stream cannot be described, or a lease cannot be written.
        """
        for shard in self._shards(arn):
            with (
                explained(f"lease table {self._table}"),
                contextlib.suppress(
                    self._dynamodb.exceptions.ConditionalCheckFailedException
                ),  # another worker was first
            ):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=new_lease(
                        self._stream(arn), shard["ShardId"], shard.get("ParentShardId"), self._mode == "multi"
                    ),
                    ConditionExpression="attribute_not_exists(leaseKey)",
                )

    def _checkpoint(self, arn: str, shard_id: str) -> str | None:
        key = {"leaseKey": {"S": self._key(arn, shard_id)}}
        with explained(f"lease table {self._table}"):
            answer = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        checkpoint: str | None = answer.get("Item", {}).get("checkpoint", {}).get("S")
        return checkpoint

    def _shards(self, arn: str) -> list[dict[str, Any]]:
        """Yield all shards; none for a stream that disappeared with its last record."""
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"StreamArn": arn}
        with explained(f"stream {arn}", "kinesisEndpoint"):
            while True:
                try:
                    description = self._streams.describe_stream(**page)["StreamDescription"]
                except self._streams.exceptions.ResourceNotFoundException:
                    return []
                found += description["Shards"]
                if not description.get("LastEvaluatedShardId"):
                    return found
                page["ExclusiveStartShardId"] = description["LastEvaluatedShardId"]

    def _key(self, arn: str, shard_id: str) -> str:
        return lease_key(self._stream(arn), shard_id, self._mode == "multi")

    def _stream(self, arn: str) -> Stream:
        return Stream(arn, self._dynamodb.meta.region_name)
