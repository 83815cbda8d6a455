"""Records from a file or from standard input, in any form that people have at hand.

| form | from |
|---|---|
| stream records, one after another or in `Records` | `record-processor peek`, `aws dynamodbstreams get-records` |
| Lambda's event | a test event of Lambda's console, a handler's log |
| items | `aws dynamodb scan`, `query` or `get-item`, an export to S3; each becomes an INSERT |
| dead letters | a file of them |
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.config.wording import shown
from record_processor.errors import SetupError, UndecodableRecordError
from record_processor.records.change_record import decode
from record_processor.records.raw_record import RawRecord
from record_processor.testing.changes import sequence_number
from record_processor.tools import adapter_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from record_processor.records.stream import Stream

_EXPECTED = (
    "expected JSON: a stream record, as `record-processor peek` prints it, Lambda's event, "
    "an item in DynamoDB's JSON, or a dead letter"
)
# `{"Records": [record]}`, and what may be around that.
_LEVELS = 4
_SPACES = re.compile(r"[ \t\r\n\ufeff]*")
_TYPES = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}


class SampleRecord(NamedTuple):
    """A record, and the stream that it is from."""

    stream: Stream
    raw: RawRecord


class _Found(NamedTuple):
    """A record, in the form in which it was found."""

    line: int
    record: dict[str, Any]


class SampleRecords:
    """Reads records.

    Args:
        source: the text's name in errors, such as its file's name.
        stream: the stream of records that do not name theirs.
        keys: the names of the key attributes of items.
    """

    def __init__(self, source: str, stream: Stream, keys: Sequence[str] = ()) -> None:
        self._source = source
        self._stream = stream
        self._keys = keys

    def read(self, text: str) -> list[SampleRecord]:
        """Return the records of a text, in order.

        Raises:
            SetupError: it contains something else, or nothing; the message names the line.
        """
        found = [one for line, document in self._documents(text) for one in self._in(document, line)]
        if not found:
            raise SetupError(f"{self._source}: it contains no records; {_EXPECTED}")
        return [self._sample(one, position) for position, one in enumerate(found)]

    def _documents(self, text: str) -> Iterator[tuple[int, Any]]:
        """Yield the JSON values of a text, one after another, each with its line."""
        decoder = json.JSONDecoder()
        at = _after_spaces(text, 0)
        while at < len(text):
            line = text.count("\n", 0, at) + 1
            try:
                value, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                where, why = getattr(error, "lineno", line), getattr(error, "msg", "nested too deep")
                raise self._error(where, f"is not JSON: {why}") from None
            yield line, value
            at = _after_spaces(text, end)

    def _in(self, document: Any, line: int, levels: int = _LEVELS) -> list[_Found]:
        """Yield the records in a JSON value, at any permitted depth."""
        if not levels:
            raise self._error(line, f"{_EXPECTED}; found them nested too deep")
        if isinstance(document, dict):
            if "dynamodb" in document:
                return [_Found(line, document)]
            if "stream_arn" in document and isinstance(document.get("record"), dict):
                return [_Found(line, {**document["record"], "eventSourceARN": document["stream_arn"]})]
            for key in ("Records", "Items", "Item"):
                if key in document:
                    return self._in(document[key], line, levels - 1)
            if document and all(_is_attribute(value) for value in document.values()):
                return [_Found(line, self._of_item(document, line))]
        if isinstance(document, list):
            return [one for element in document for one in self._in(element, line, levels - 1)]
        raise self._error(line, f"{_EXPECTED}; found {_shape(document)}")

    def _of_item(self, item: dict[str, Any], line: int) -> dict[str, Any]:
        missing = [key for key in self._keys if key not in item]
        if not self._keys or missing:
            what = f"it has no {missing[0]!r}; it has: {', '.join(item)}" if missing else "say which are its keys"
            raise self._error(line, f"an item: {what}: --key NAME, once per attribute of the primary key")
        keys = {key: item[key] for key in self._keys}
        return {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": item}}

    def _sample(self, found: _Found, position: int) -> SampleRecord:
        record = found.record
        if not isinstance(record["dynamodb"], dict):
            raise self._error(found.line, f"dynamodb: expected a mapping, found {shown(record['dynamodb'])}")
        stream = adapter_form.stream_of(record, self._stream)
        try:
            number = adapter_form.number_of(record, sequence_number(position))
            raw = adapter_form.adapter_json(record, number, stream.region)
            decode(raw, stream, number).to_plain()
        except UndecodableRecordError as error:
            raise self._error(found.line, error.reason) from None
        except (ValueError, RecursionError) as error:
            raise self._error(found.line, str(error)) from None
        return SampleRecord(stream, RawRecord(raw, number))

    def _error(self, line: int, message: str) -> SetupError:
        return SetupError(f"{self._source}:{line}: {message}")


def _after_spaces(text: str, at: int) -> int:
    match = _SPACES.match(text, at)
    return at if match is None else match.end()


def _is_attribute(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and set(value) <= _TYPES


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        names = list(value)[:5]
        return f"a mapping with {', '.join(map(repr, names))}" if names else "an empty mapping"
    return shown(value)
