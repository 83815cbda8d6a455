"""Changes of items for tests, written with ordinary Python values."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from record_processor.records.attribute_encoding import encoded_item
from record_processor.records.change_record import EventName, StreamViewType, decode
from record_processor.records.raw_record import RawRecord
from record_processor.records.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.records.change_record import ChangeRecord

REGION = "us-east-1"
_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_FIRST_NUMBER = 100_000_000_000_000_000_000
_HAS_NEW = ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")
_HAS_OLD = ("OLD_IMAGE", "NEW_AND_OLD_IMAGES")


@dataclass(frozen=True)
class Change:
    """One change of one item. Made by `insert`, `modify` and `remove`."""

    event_name: EventName
    keys: dict[str, dict[str, Any]]
    """Typed, as DynamoDB writes them."""
    new: dict[str, dict[str, Any]] | None = None
    old: dict[str, dict[str, Any]] | None = None
    ttl: bool = False
    view_type: StreamViewType = "NEW_AND_OLD_IMAGES"
    created_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    """With a time zone."""
    event_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def raw(self, sequence_number: str, region: str = REGION) -> RawRecord:
        """The record as a shard gives it."""
        return RawRecord(_compact(self._json(sequence_number, region)).encode(), sequence_number)

    def _json(self, sequence_number: str, region: str) -> dict[str, Any]:
        dynamodb: dict[str, Any] = {
            "ApproximateCreationDateTime": int(self.created_at.timestamp() * 1000),
            "Keys": self.keys,
            "SequenceNumber": sequence_number,
            "SizeBytes": len(_compact([self.keys, self.new, self.old])),
            "StreamViewType": self.view_type,
        }
        if self.new is not None and self.view_type in _HAS_NEW:
            dynamodb["NewImage"] = self.new
        if self.old is not None and self.view_type in _HAS_OLD:
            dynamodb["OldImage"] = self.old
        return {
            "awsRegion": region,
            "dynamodb": dynamodb,
            "eventID": self.event_id,
            "eventName": self.event_name,
            "eventSource": "aws:dynamodb",
            "eventVersion": "1.1",
            **({"userIdentity": _TTL} if self.ttl else {}),
        }

    def __repr__(self) -> str:
        return f"<{self.event_name} {_compact(self.keys)}>"


def insert(
    keys: Mapping[str, Any],
    new: Mapping[str, Any] | None = None,
    *,
    view_type: StreamViewType = "NEW_AND_OLD_IMAGES",
    created_at: datetime | None = None,
) -> Change:
    """An item that was not there before.

    Args:
        keys: the primary key, such as `{"id": "o-1"}`.
        new: the item's other attributes.
        view_type: the stream's: which images the record has.
        created_at: when the change was made, with a time zone. None: now.

    Raises:
        ValueError: DynamoDB cannot store a value.
    """
    return _change("INSERT", keys, new or {}, None, view_type, created_at)


def modify(
    keys: Mapping[str, Any],
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    *,
    view_type: StreamViewType = "NEW_AND_OLD_IMAGES",
    created_at: datetime | None = None,
) -> Change:
    """An item whose other attributes were `old` and are `new` now. The rest is as for `insert`."""
    return _change("MODIFY", keys, new or {}, old or {}, view_type, created_at)


def remove(
    keys: Mapping[str, Any],
    old: Mapping[str, Any] | None = None,
    *,
    ttl: bool = False,
    view_type: StreamViewType = "NEW_AND_OLD_IMAGES",
    created_at: datetime | None = None,
) -> Change:
    """An item whose other attributes were `old` and that is gone; `ttl`: because it expired. As for `insert`."""
    return _change("REMOVE", keys, None, old or {}, view_type, created_at, ttl)


def _change(
    event_name: EventName,
    keys: Mapping[str, Any],
    new: Mapping[str, Any] | None,
    old: Mapping[str, Any] | None,
    view_type: StreamViewType,
    created_at: datetime | None,
    ttl: bool = False,
) -> Change:
    if not keys:
        raise ValueError("expected the item's primary key, such as {'id': 'o-1'}, found none")
    typed = encoded_item(keys)
    images = [None if image is None else {**typed, **encoded_item(image), **typed} for image in (new, old)]
    made = created_at or datetime.now(timezone.utc)
    return Change(event_name, typed, images[0], images[1], ttl, view_type, made)


def change_record(change: Change, sequence_number: str = str(_FIRST_NUMBER), table: str = "Table") -> ChangeRecord:
    """The record that an action's `deliver` is given."""
    return decode(change.raw(sequence_number).binary_data, stream_of(table), sequence_number)


def sequence_number(position: int) -> str:
    """That of the change at a position in a shard, from 0: as long as DynamoDB's, and growing."""
    return str(_FIRST_NUMBER + position)


def stream_of(table: str, region: str = REGION) -> Stream:
    """The stream of a table that need not exist."""
    return Stream(f"arn:aws:dynamodb:{region}:123456789012:table/{table}/stream/2026-01-01T00:00:00.000", region)


def _compact(value: Any) -> str:
    """As the adapter writes it: a message group, say, is made of the keys' very text."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
