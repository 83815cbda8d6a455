"""Which stream of each table an application reads, stored where it survives every worker: in KCL's coordinator table.

KCL reads the items that it knows there by key, and leaves others alone.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.aws.clients import explained

if TYPE_CHECKING:
    from collections.abc import Mapping


class Known(NamedTuple):
    """The stream of a table that is read, and when a worker last saw that it is the table's own."""

    arn: str
    seen_at: float
    """Seconds since the epoch."""


class KnownStreams:
    """One item per table. Thread-safe, as its client is."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self, table: str) -> Known | None:
        """Return the known stream; None if the application has not read this table yet.

        Raises:
            SetupError: the coordinator table cannot be read.
        """
        with explained(f"table {self._table}"):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(table), ConsistentRead=True)
        item: Mapping[str, Any] | None = answer.get("Item")
        return Known(item["streamArn"]["S"], float(item["seenAt"]["N"])) if item else None

    def write(self, table: str, arn: str) -> None:
        """Remember a stream; never go back to an older one, which a worker that has not noticed yet may still read.

        Raises:
            SetupError: the coordinator table cannot be written.
        """
        with explained(f"table {self._table}"):
            try:
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item={**_key(table), "streamArn": {"S": arn}, "seenAt": {"N": str(int(time.time()))}},
                    # An ARN ends with the time when its stream was created.
                    ConditionExpression="attribute_not_exists(streamArn) OR streamArn <= :arn",
                    ExpressionAttributeValues={":arn": {"S": arn}},
                )
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                return


def _key(table: str) -> dict[str, Any]:
    return {"key": {"S": f"record-processor-stream-{table}"}}
