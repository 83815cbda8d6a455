"""The changes of a table, read from the database's own stream."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.busy_stream.operations import Stream

_PAUSE_SECONDS = 0.02
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    # The database wants a signature without checking it, but its region decides where the tables are.
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-west-2/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=none",
}


class RefusedError(Exception):
    """The database's answer is an error, and will be one again."""


class Streams:
    """The database's streams, in its own JSON."""

    def __init__(self, endpoint: str) -> None:
        self._address = urlsplit(endpoint)
        self._connection: http.client.HTTPConnection | None = None

    def call(self, operation: str, content: dict[str, Any]) -> dict[str, Any]:
        """Return the answer.

        Raises:
            RefusedError: it is an error.
            OSError, http.client.HTTPException: there is none, or the database itself failed.
        """
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
        if answer.status >= 500:
            raise http.client.HTTPException(str(body))
        if answer.status != 200:
            raise RefusedError(f"{operation}: {body}")
        return body  # type: ignore[no-any-return]


class Source(threading.Thread):
    """Fills a stream until it ends, for as long as the process lives; waits for a database that restarts.

    A database that comes back without what was read from it has gone back in time, and so would the stream: then it
    stops answering.
    """

    def __init__(self, endpoint: str, stream: Stream) -> None:
        super().__init__(name=f"source of {stream.arn}", daemon=True)
        self._endpoint = endpoint
        self._stream = stream
        self._after: str | None = None

    def run(self) -> None:
        while True:
            try:
                self._read(Streams(self._endpoint))
            except (OSError, http.client.HTTPException):
                time.sleep(0.5)
            except RefusedError as error:
                self._stream.lost = f"the database does not have any more what was read from it: {error}"
                return
            else:
                return

    def _read(self, streams: Streams) -> None:
        arn = {"StreamArn": self._stream.source_arn}
        # It has one shard, which is closed when the stream is.
        (shard,) = streams.call("DescribeStream", arn)["StreamDescription"]["Shards"]
        begin = streams.call("GetShardIterator", {**arn, "ShardId": shard["ShardId"], **self._begin()})
        for records in _pages(streams, begin["ShardIterator"]):
            with self._stream.lock:
                for record in records:
                    self._stream.take(record)
                    self._after = record["dynamodb"]["SequenceNumber"]

    def _begin(self) -> dict[str, str]:
        if self._after is None:
            return {"ShardIteratorType": "TRIM_HORIZON"}
        return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self._after}


def _pages(streams: Streams, iterator: str | None) -> Iterator[list[dict[str, Any]]]:
    while iterator is not None:
        page = streams.call("GetRecords", {"ShardIterator": iterator, "Limit": 1000})
        iterator = page.get("NextShardIterator")
        if page["Records"]:
            yield page["Records"]
        else:
            time.sleep(_PAUSE_SECONDS)
