"""One shard for a tail: a page of its records at a time, each as an action would get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from record_processor.errors import UndecodableRecordError
from record_processor.records.change_record import ChangeRecord, decode
from record_processor.tools.adapter_form import adapter_json, number_of

if TYPE_CHECKING:
    from record_processor.aws.quick_calls import QuickCalls
    from record_processor.records.stream import Stream

MOST_SHARDS = 32
_PAGE = 100
_EXPIRED = ("ExpiredIteratorException", "TrimmedDataAccessException")
_NO_RECORD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_GONE = "ResourceNotFoundException"
# The worker comes first: what is refused is asked for the next time.
_LATER = ("ThrottlingException", "LimitExceededException", "ProvisionedThroughputExceededException")


class Read(NamedTuple):
    """A record."""

    record: ChangeRecord | None
    sequence_number: str
    size_bytes: int


class ShardReader:
    """Reads a shard from its newest or its oldest record on."""

    def __init__(self, calls: QuickCalls, stream: Stream, shard_id: str, from_oldest: bool) -> None:
        self._calls = calls
        self._stream = stream
        self.shard_id = shard_id
        self._from_oldest = from_oldest
        self._iterator: str | None = None
        self._is_ended = False
        self.has_begun = False
        """Whether it has had a place: what is written from then on is read."""
        self.skipped = False
        """Whether records were passed over to keep up."""

    def read(self) -> list[Read]:
        """Return the next records; none at the end of the shard, or if it is read too often.

        Raises:
            ClientError, BotoCoreError, ResponseParserError: it cannot be read.
        """
        if self._is_ended:
            return []
        try:
            return self._page()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            self._is_ended = code == _GONE
            if code in _EXPIRED:
                self._iterator, self.skipped = None, True
            elif code != _GONE and code not in _LATER:
                raise
            return []

    def _page(self) -> list[Read]:
        iterator = self._iterator or self._begin("TRIM_HORIZON" if self._from_oldest else "LATEST")
        page = self._calls.call("GetRecords", ShardIterator=iterator, Limit=_PAGE)
        records = page.get("Records", [])
        self._iterator = page.get("NextShardIterator")
        self._is_ended = self._iterator is None
        if len(records) == _PAGE and not self._from_oldest and not self._is_ended:
            self._iterator, self.skipped = None, True  # more come than are read: go on with the newest
        return [self._read(record) for record in records]

    def _begin(self, where: str) -> str:
        answer = self._calls.call(
            "GetShardIterator", StreamArn=self._stream.arn, ShardId=self.shard_id, ShardIteratorType=where
        )
        self.has_begun = True
        return str(answer["ShardIterator"])

    def _read(self, record: dict[str, Any]) -> Read:
        try:
            number = number_of(record, "0")
            raw = adapter_json(record, number, self._stream.region)
            return Read(decode(raw, self._stream, number), number, len(raw))
        except (UndecodableRecordError, *_NO_RECORD):
            return Read(None, "?", 0)
