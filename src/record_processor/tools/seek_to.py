"""What `--to` says."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from record_processor.errors import SetupError
from record_processor.fleet.lags import KEPT_SECONDS
from record_processor.tools.seek_text import moment

if TYPE_CHECKING:
    from typing import Final

_EXPECTED: Final = (
    "expected trim-horizon, latest, a time with its zone such as 2026-11-27T08:30:00Z, or a sequence number"
)
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
_MOST_DIGITS: Final = 40


class To(msgspec.Struct, frozen=True):
    """Where to."""

    text: str
    """As it was written."""
    at: float | None = None
    """A time; None: the oldest records, or a number."""
    sequence_number: str | None = None
    is_now: bool = False
    """Whether that time is this moment."""


def understood(text: str) -> To:
    """Return what is meant, whatever the time is.

    Raises:
        SetupError: nothing.
    """
    word = text.strip()
    if word == "trim-horizon":
        return To(word)
    if word == "latest":
        return To(word, is_now=True)
    if word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS:
        return To(word, sequence_number=word)
    return To(word, at=_time(word).timestamp())


def parse(text: str, now: float) -> To:
    """Return what is meant at a moment.

    Raises:
        SetupError: nothing, or what DynamoDB has removed, or what has not come yet.
    """
    to = understood(text)
    if to.is_now:
        return To(to.text, at=now, is_now=True)
    if to.at is not None and to.at > now:
        raise SetupError(f"--to {to.text}: that has not come yet; it is {moment(now)} by DynamoDB's clock")
    if to.at is not None and to.at < now - KEPT_SECONDS:
        raise SetupError(
            f"--to {to.text}: DynamoDB removes records after 24 hours: what is older than "
            f"{moment(now - KEPT_SECONDS)} is trimmed. --to trim-horizon begins with the oldest that there is"
        )
    return to


def _time(text: str) -> datetime:
    try:
        # Python 3.10 does not know Z.
        found = datetime.fromisoformat(f"{text[:-1]}+00:00" if text[-1:] in ("Z", "z") else text)
    except ValueError:
        raise SetupError(f"--to: {text!r} is no position; {_EXPECTED}") from None
    if found.tzinfo is None:
        raise SetupError(f"--to: {text!r} says no time zone; add Z for UTC, or an offset such as +02:00")
    return found
