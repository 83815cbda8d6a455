"""A change of an item, decoded from the adapter's JSON only as far as somebody looks.

The outer object is decoded at once (event name, sequence number and so on are needed for every record); keys and images
stay raw bytes until they are used. The adapter's JSON differs from Lambda's event in two points: the creation time is
in milliseconds, and no ``eventSourceARN`` says which stream it came from.
"""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from record_processor.errors import UndecodableRecordError
from record_processor.records.attribute_values import Value, item_to_plain, item_to_python, item_to_sdk
from record_processor.records.stream import NO_STREAM, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

EventName = Literal["INSERT", "MODIFY", "REMOVE"]
StreamViewType = Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]

MILLIS = 1000
_LATEST_MILLIS = 253_402_300_799_999
"""The last moment of the year 9999: no date is later."""

UNREADABLE = (ValueError, TypeError, AttributeError, RecursionError)
"""What reading JSON without a record's shape may raise; msgspec's own errors are ValueErrors."""

_NO_IMAGE = msgspec.Raw(b"null")
# The adapter writes a missing image as an empty object. An image has at least its keys, so {} means that there is none,
# and no image is as short as null or {}.
LONGEST_NO_IMAGE = len(b"null")


class _StreamRecord(msgspec.Struct, gc=False):
    sequence_number: str = msgspec.field(name="SequenceNumber")
    keys: msgspec.Raw = msgspec.field(name="Keys")
    created_at_millis: Annotated[int, Meta(ge=0, le=_LATEST_MILLIS)] = msgspec.field(name="ApproximateCreationDateTime")
    stream_view_type: StreamViewType = msgspec.field(name="StreamViewType")
    size_bytes: int = msgspec.field(name="SizeBytes", default=0)
    new_image: msgspec.Raw = msgspec.field(name="NewImage", default=_NO_IMAGE)
    old_image: msgspec.Raw = msgspec.field(name="OldImage", default=_NO_IMAGE)


_FIELDS = {"Keys": "keys", "NewImage": "new_image", "OldImage": "old_image"}


class ChangeRecord(msgspec.Struct, dict=True, eq=False):
    """One INSERT, MODIFY or REMOVE of one item.

    The stream's view type decides which images are present; a missing one is None.
    """

    event_id: str = msgspec.field(name="eventID")
    event_name: EventName = msgspec.field(name="eventName")
    dynamodb: _StreamRecord
    """The part of the record that is read for every record; keys and images are still raw."""
    user_identity: dict[str, str] | None = msgspec.field(name="userIdentity", default=None)
    """Set on deletions that DynamoDB made itself, such as those of TTL."""
    # These two are not in the JSON (no field of it has such a name); `decode` sets them.
    raw: bytes = msgspec.field(name="(raw)", default=b"")
    """The record's JSON as the adapter gave it."""
    stream: Stream = msgspec.field(name="(stream)", default=NO_STREAM)

    @property
    def sequence_number(self) -> str:
        return self.dynamodb.sequence_number

    @property
    def stream_view_type(self) -> StreamViewType:
        return self.dynamodb.stream_view_type

    @property
    def size_bytes(self) -> int:
        return self.dynamodb.size_bytes

    @property
    def table(self) -> str:
        return self.stream.table

    @property
    def stream_arn(self) -> str:
        return self.stream.arn

    @property
    def created_at_millis(self) -> int:
        """DynamoDB's approximate creation time, in milliseconds since the epoch."""
        return self.dynamodb.created_at_millis

    @property
    def created_at(self) -> datetime:
        """The same as a time in UTC."""
        return datetime.fromtimestamp(self.dynamodb.created_at_millis / MILLIS, timezone.utc)

    def image_json(self, name: str) -> msgspec.Raw | None:
        """Return the JSON of Keys, NewImage or OldImage; None if it is missing."""
        raw: msgspec.Raw = getattr(self.dynamodb, _FIELDS[name])
        return None if len(raw) <= LONGEST_NO_IMAGE else raw

    @property
    def raw_keys(self) -> bytes:
        """The keys' JSON: equal for two records of one item, and so suitable for comparing and hashing."""
        return bytes(self.dynamodb.keys)

    @cached_property
    def keys(self) -> dict[str, Value]:
        """The item's primary key, as Python values."""
        return self._image("Keys") or {}

    @cached_property
    def new_image(self) -> dict[str, Value] | None:
        """The item after the change, as Python values."""
        return self._image("NewImage")

    @cached_property
    def old_image(self) -> dict[str, Value] | None:
        """The item before the change, as Python values."""
        return self._image("OldImage")

    def to_lambda(self) -> dict[str, Any]:
        """Return the record as Lambda's event has it: `eventSourceARN` added, the creation time in whole seconds.

        Raises what `to_stream` raises.
        """
        record = self.to_stream()
        record["dynamodb"]["ApproximateCreationDateTime"] = self.dynamodb.created_at_millis // MILLIS
        record["eventSourceARN"] = self.stream.arn
        return record

    def to_stream(self) -> dict[str, Any]:
        """Return the stream's own record as the adapter gives it (times in milliseconds), without missing images.

        Raises:
            UndecodableRecordError: keys or images are not JSON, or nested too deeply.
        """
        try:
            record: dict[str, Any] = msgspec.json.decode(self.raw)
        except UNREADABLE as error:
            raise UndecodableRecordError(self.sequence_number, error) from error
        change = record["dynamodb"]
        for image in ("NewImage", "OldImage"):
            if not change.get(image):
                change.pop(image, None)
        return record

    @cached_property
    def plain(self) -> dict[str, Any]:
        """The result of `to_plain`, made once for all readers, which must not change it. Raises what it raises."""
        return self.to_plain()

    def to_plain(self) -> dict[str, Any]:
        """Return the change in ordinary JSON values; numbers are Decimals, binary is base64, sets are lists.

        `new`, `old` and `userIdentity` are present only if the record has them.

        Raises:
            UndecodableRecordError: keys or images contain something that is not an attribute value.
        """
        plain: dict[str, Any] = {
            "eventID": self.event_id,
            "eventName": self.event_name,
            "table": self.table,
            "sequenceNumber": self.sequence_number,
            "createdAt": self.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        for name, image in (("keys", "Keys"), ("new", "NewImage"), ("old", "OldImage")):
            item = self._decoded(image, item_to_plain)
            if item is not None:
                plain[name] = item
        if self.user_identity is not None:
            plain["userIdentity"] = dict(self.user_identity)
        return plain

    def sdk_item(self, name: str) -> dict[str, Any] | None:
        """Return Keys, NewImage or OldImage as the SDK's client expects an item; None if it is missing.

        Raises:
            UndecodableRecordError: it contains something that is not an attribute value.
        """
        return self._decoded(name, item_to_sdk)

    def __repr__(self) -> str:
        return f"<ChangeRecord {self.event_name} {self.table} {self.sequence_number}>"

    def _image(self, name: str) -> dict[str, Value] | None:
        return self._decoded(name, item_to_python)

    def _decoded(self, name: str, convert: Callable[[dict[str, dict[str, Any]]], T]) -> T | None:
        raw = self.image_json(name)
        if raw is None:
            return None
        try:
            return convert(_items.decode(raw))
        except UNREADABLE as error:
            raise UndecodableRecordError(self.sequence_number, error) from error


_records = msgspec.json.Decoder(ChangeRecord)
_items = msgspec.json.Decoder(dict[str, dict[str, Any]])


def undecoded(raw: bytes, stream: Stream, sequence_number: str) -> ChangeRecord:
    """Return a stand-in for a record that `decode` rejects: it has bytes and a sequence number, but no content."""
    change = _StreamRecord(sequence_number, _NO_IMAGE, 0, "KEYS_ONLY")
    return ChangeRecord("", "MODIFY", change, None, raw, stream)


def decode(raw: bytes, stream: Stream, sequence_number: str) -> ChangeRecord:
    """Return the change that the adapter's JSON describes.

    Args:
        raw: the record's JSON.
        stream: the stream it came from.
        sequence_number: from outside the record's JSON, to name it if its content cannot be read.

    Raises:
        UndecodableRecordError: it is not JSON, or a field is missing, ill-typed or has an unknown value.
    """
    try:
        record = _records.decode(raw)
    except UNREADABLE as error:  # includes text that is not UTF-8
        mended = _mended(raw, stream)
        if mended is None:
            raise UndecodableRecordError(sequence_number, error) from error
        return decode(mended, stream, sequence_number)
    record.raw = raw
    record.stream = stream
    return record


def _mended(raw: bytes, stream: Stream) -> bytes | None:
    if not stream.is_dynamodb_locals:
        return None
    from record_processor.records.dynamodb_local import as_ttl_deletion

    return as_ttl_deletion(raw)
