"""A dead letter: the whole record, and the whole story of its failure, as one JSON object."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec

from record_processor.errors import message_of, traceback_of
from record_processor.text.safe_text import shortened, shortened_to_end

if TYPE_CHECKING:
    from record_processor.records.stream import Shard


# The end of a traceback says most; that of a recursion is longer than any queue accepts.
_LONGEST_TRACEBACK = 16_384
_LONGEST_MESSAGE = 16_384
LONGEST_SEQUENCE_NUMBER = 64
# These become parts of paths, keys and calls in a replay, and arguments of commands; and whoever can write to a queue
# can write a letter.
_GRAMMAR = {
    "id": re.compile(r"[!-~]{1,128}"),
    "action": re.compile(r"[A-Za-z0-9_.-]{1,64}"),
    "shard_id": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"),
    "stream_arn": re.compile(
        r"arn:[a-z0-9-]+:dynamodb:[a-z0-9-]+:[0-9]*:table/[A-Za-z0-9_.-]{3,255}/stream/[A-Za-z0-9_.:-]+"
    ),
    "sequence_number": re.compile(rf"[0-9]{{1,{LONGEST_SEQUENCE_NUMBER}}}"),
}


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
    """The record as the adapter gave it, if it is JSON."""
    record_bytes: bytes | None = None
    """Its bytes (base64 in JSON), if it is not."""

    left_out: tuple[str, ...] = ()
    """What its destination had no room for, such as ``NewImage``; keys and sequence number identify the item."""

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
    """Return the letter for a record; times are seconds since the epoch."""
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
            shortened(message_of(error), _LONGEST_MESSAGE),
            shortened_to_end(traceback_of(error), _LONGEST_TRACEBACK),
        ),
        record=msgspec.Raw(raw) if is_json else msgspec.Raw(b"null"),
        record_bytes=None if is_json else raw,
    )


def read(content: bytes) -> Letter:
    """Return the letter that JSON contains.

    Raises:
        ValueError: it contains none, or one that was not written here, because its places are invalid.
    """
    try:
        letter = msgspec.json.decode(content, type=Letter)
    except RecursionError:
        raise ValueError("too deeply nested for a dead letter") from None
    for field, grammar in _GRAMMAR.items():
        if not grammar.fullmatch(getattr(letter, field)):
            raise ValueError(f"{field}: {getattr(letter, field)!r} is none")
    return letter


def fingerprint(letter: Letter) -> bytes:
    """A value that is equal for two letters only if they are equal: a letter with another's id can be forged."""
    return hashlib.sha256(msgspec.json.encode(letter)).digest()


def _is_json(raw: bytes) -> bool:
    try:
        msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return False
    # A record's JSON has no line breaks, which would break the letter in two, and nothing around it, which a reader of
    # the letter would drop.
    return b"\n" not in raw and raw == raw.strip()


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).isoformat()
