"""`record-processor peek`: the records of a stream, printed, without a worker."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from record_processor.aws import clients
from record_processor.config import regions
from record_processor.errors import SetupError
from record_processor.host import stream_arns
from record_processor.logs.terminal import say_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3

_ENDPOINT = "--endpoint-url"
_IDLE_SECONDS = 1.0
_POSITIONS = "expected trim-horizon, latest, at:SEQUENCE_NUMBER or after:SEQUENCE_NUMBER"


def client(endpoint: str | None, region: str | None, profile: str | None) -> tuple[Any, Any]:
    """Return clients for DynamoDB and its streams. A local database, on loopback, needs no credentials."""
    session = _session(endpoint, region, profile)
    made = [clients.client(session, name, endpoint, setting=_ENDPOINT) for name in ("dynamodb", "dynamodbstreams")]
    return made[0], made[1]


def _session(endpoint: str | None, region: str | None, profile: str | None) -> boto3.Session:
    region = region or regions.configured(os.environ, profile).region
    provider = f"ProfileCredentialsProvider|{profile}" if profile else "DefaultCredentialsProvider"
    session = clients.session(provider, region)
    is_local = endpoint is not None and ("localhost" in endpoint or "127.0.0.1" in endpoint)
    if is_local and session.get_credentials() is None:
        return clients.session("LocalCredentialsProvider", region)
    return session


class Peek:
    """One look at a stream: all pages of its description, and all records of each shard, parents first."""

    def __init__(
        self, clients: tuple[Any, Any], shard_id: str | None, start: str, follow: bool, limit: int | None
    ) -> None:
        self._dynamodb, self._streams = clients
        self._shard_id = shard_id
        self._start = _parsed_start(start)
        self._follow = follow
        self._left = limit

    def run(self, name: str) -> None:
        """Print the records of a table's stream, or of the stream with this ARN.

        Raises:
            SetupError: there is no such table, stream or shard, or AWS refuses.
        """
        stream_arns.check_names("peek", [name], self._dynamodb.meta.region_name)
        arn = stream_arns.resolve(self._dynamodb, [name], _ENDPOINT)[0]
        stream_arns.verify(self._streams, [arn], _ENDPOINT)
        with clients.explained(f"stream {arn}", _ENDPOINT):
            try:
                self._print_all(arn)
            except KeyboardInterrupt:
                return

    def _print_all(self, arn: str) -> None:
        iterators: dict[str, str | None] = {}
        while self._left != 0:
            for shard in self._shards(arn):
                shard_id = shard["ShardId"]
                if shard_id not in iterators:
                    # A shard that appears while we follow is a child shard: all of it is new.
                    start = ("TRIM_HORIZON", None) if iterators and self._follow else self._start
                    iterators[shard_id] = self._iterator(arn, shard_id, *start)
                iterators[shard_id] = self._print_shard(
                    iterators[shard_id], closed="EndingSequenceNumber" in shard["SequenceNumberRange"]
                )
            if not self._follow:
                return
            time.sleep(_IDLE_SECONDS)

    def _shards(self, arn: str) -> list[dict[str, Any]]:
        """Return all shards of all pages, parents before their child shards."""
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"StreamArn": arn}
        while True:
            description = self._streams.describe_stream(**page)["StreamDescription"]
            found += description["Shards"]
            last = description.get("LastEvaluatedShardId")
            if last is None:
                break
            page["ExclusiveStartShardId"] = last
        if self._shard_id is None:
            # The id begins with the time of the shard's creation, and a child shard is created after its parent.
            return sorted(found, key=lambda shard: shard["ShardId"])
        chosen = [shard for shard in found if shard["ShardId"] == self._shard_id]
        if not chosen:
            known = ", ".join(sorted(shard["ShardId"] for shard in found)) or "none"
            raise SetupError(f"stream {arn} has no shard {self._shard_id!r}; it has: {known}")
        return chosen

    def _iterator(self, arn: str, shard_id: str, kind: str, sequence_number: str | None) -> str:
        position = {} if sequence_number is None else {"SequenceNumber": sequence_number}
        answer = self._streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType=kind, **position)
        iterator: str = answer["ShardIterator"]
        return iterator

    def _print_shard(self, iterator: str | None, closed: bool) -> str | None:
        """Print the records there are; return the iterator to continue with, or None at the shard's end.

        A page may be empty although more follows, in a closed shard until its end. An open shard has no end: its first
        empty page means that everything so far was printed.
        """
        for records, following in self._pages(iterator):
            iterator = following
            for record in records:
                if self._left == 0:
                    return iterator
                _print(record)
                self._left = None if self._left is None else self._left - 1
            if not records and not closed:
                break
        return iterator

    def _pages(self, iterator: str | None) -> Iterator[tuple[list[dict[str, Any]], str | None]]:
        while iterator is not None and self._left != 0:
            page = self._streams.get_records(ShardIterator=iterator, Limit=1000)
            iterator = page.get("NextShardIterator")
            yield page["Records"], iterator


def _print(record: dict[str, Any]) -> None:
    say_lines(json.dumps(record, sort_keys=True, indent=4, default=_as_text, ensure_ascii=False))


def _as_text(value: Any) -> str:
    """Convert times as the SDK prints them, and binary to base64, as in the API."""
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode()
    return str(value)


def _parsed_start(start: str) -> tuple[str, str | None]:
    kind, _, sequence_number = start.partition(":")
    if start in ("trim-horizon", "latest"):
        return start.upper().replace("-", "_"), None
    if kind in ("at", "after") and sequence_number.isdigit():
        return f"{kind.upper()}_SEQUENCE_NUMBER", sequence_number
    raise SetupError(f"--from {start}: {_POSITIONS}")
