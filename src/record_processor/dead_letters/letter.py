"""A dead letter: the whole record, and the whole story of its failure, as one JSON object."""

from __future__ import annotations

import traceback
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec

from record_processor.redaction import redacted

if TYPE_CHECKING:
    from record_processor.actions.base import Shard


# Its end says most; a recursion's is longer than any queue takes.
_LONGEST_TRACEBACK = 16_384


class Failure(msgspec.Struct, frozen=True):
    """The error of the last attempt."""

    type: str
    message: str
    traceback: str


class Letter(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a destination stores. Times are ISO 8601 in UTC."""

    id: str
    action: str
    shard_id: str
    stream_arn: str
    sequence_number: str
    attempts: int
    first_attempt_at: str | None
    last_attempt_at: str | None
    stored_at: str
    error: Failure
    record: msgspec.Raw = msgspec.Raw(b"null")
    """The record as the adapter gave it, where it is JSON."""
    record_bytes: bytes | None = None
    """Its bytes (base64 in JSON), where it is not."""

    @property
    def raw(self) -> bytes:
        return bytes(self.record) if self.record_bytes is None else self.record_bytes


def write(
    action: str,
    shard: Shard,
    sequence_number: str,
    raw: bytes,
    error: BaseException,
    attempts: int,
    first_attempt: float | None,
    last_attempt: float | None,
) -> Letter:
    """The letter for a record; times are seconds since the epoch."""
    is_json = _is_json(raw)
    return Letter(
        id=uuid.uuid4().hex,
        action=action,
        shard_id=shard.shard_id,
        stream_arn=shard.stream.arn,
        sequence_number=sequence_number,
        attempts=attempts,
        first_attempt_at=_iso(first_attempt),
        last_attempt_at=_iso(last_attempt),
        stored_at=datetime.now(timezone.utc).isoformat(),
        error=Failure(
            type(error).__name__,
            redacted(str(error)),
            redacted("".join(traceback.format_exception(type(error), error, error.__traceback__)))[
                -_LONGEST_TRACEBACK:
            ],
        ),
        record=msgspec.Raw(raw) if is_json else msgspec.Raw(b"null"),
        record_bytes=None if is_json else raw,
    )


def _is_json(raw: bytes) -> bool:
    try:
        msgspec.json.decode(raw)
    except ValueError:
        return False
    # A record's JSON has no line breaks of its own; one that had would break the letter in two.
    return b"\n" not in raw


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).isoformat()
