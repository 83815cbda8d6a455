"""The changes of a table, read from DynamoDB Local's own stream."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.busy_stream.operations import Stream

_PAUSE_SECONDS = 0.02
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    # DynamoDB Local wants a signature and checks none.
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-west-2/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=none",
}


class Local:
    """DynamoDB Local's streams, in its own JSON."""

    def __init__(self, endpoint: str) -> None:
        self._address = urlsplit(endpoint)
        self._connection: http.client.HTTPConnection | None = None

    def call(self, operation: str, content: dict[str, Any]) -> dict[str, Any]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=30)
        headers = {**_HEADERS, "X-Amz-Target": f"DynamoDBStreams_20120810.{operation}"}
        try:
            self._connection.request("POST", "/", json.dumps(content), headers)
            answer = self._connection.getresponse()
            body = json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            self._connection = None
            raise
        if answer.status != 200:
            raise RuntimeError(f"{operation}: {body}")
        return body  # type: ignore[no-any-return]


class Source(threading.Thread):
    """Fills a stream for as long as the process lives; a restart of DynamoDB Local's is waited for."""

    def __init__(self, endpoint: str, stream: Stream) -> None:
        super().__init__(name=f"source of {stream.arn}", daemon=True)
        self._endpoint = endpoint
        self._stream = stream
        self._after: str | None = None

    def run(self) -> None:
        while True:
            try:
                self._read(Local(self._endpoint))
            except (OSError, RuntimeError, http.client.HTTPException):
                time.sleep(0.5)

    def _read(self, local: Local) -> None:
        seen: set[str] = set()
        while True:
            shards = local.call("DescribeStream", {"StreamArn": self._stream.arn})["StreamDescription"]["Shards"]
            for shard in shards:
                if shard["ShardId"] not in seen:
                    self._read_shard(local, shard["ShardId"])
                    seen.add(shard["ShardId"])

    def _read_shard(self, local: Local, shard_id: str) -> None:
        """Until its end; what was taken before a fault is passed over."""
        where = {"StreamArn": self._stream.arn, "ShardId": shard_id, "ShardIteratorType": "TRIM_HORIZON"}
        iterator = local.call("GetShardIterator", where).get("ShardIterator")
        while iterator is not None:
            page = local.call("GetRecords", {"ShardIterator": iterator, "Limit": 1000})
            self._take(page["Records"])
            iterator = page.get("NextShardIterator")
            if not page["Records"]:
                time.sleep(_PAUSE_SECONDS)

    def _take(self, records: list[dict[str, Any]]) -> None:
        with self._stream.lock:
            for record in records:
                number = record["dynamodb"]["SequenceNumber"]
                if self._after is None or int(number) > int(self._after):
                    self._stream.shards.add(record)
                    self._after = number
