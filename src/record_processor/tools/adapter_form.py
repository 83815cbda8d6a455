"""A stream record as Lambda, the SDK or `peek` writes it, converted to the form of KCL's adapter."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timezone
from typing import Any

from record_processor.config.wording import shown
from record_processor.records.stream import Stream

_STREAM_ARN = re.compile(
    r"arn:[a-z0-9-]+:dynamodb:[a-z0-9-]+:[0-9]*:table/[A-Za-z0-9_.-]{3,255}/stream/[A-Za-z0-9_.:-]+"
)
_NUMBER = re.compile(r"[0-9]{1,64}")
# In milliseconds this is earlier than any stream, in seconds later than any change.
_LEAST_MILLIS = 100_000_000_000
_TIME = "ApproximateCreationDateTime"


def adapter_json(record: dict[str, Any], number: str, region: str) -> bytes:
    """Return the record's JSON; what a sample may leave out (its id, times, sizes) is filled in.

    Args:
        record: a stream record with a mapping `dynamodb`.
        number: its sequence number.
        region: that of its stream.

    Raises:
        ValueError: its time is invalid.
    """
    change = record["dynamodb"]
    filled = {"SizeBytes": len(json.dumps(change)), "StreamViewType": "NEW_AND_OLD_IMAGES", **change}
    filled |= {"SequenceNumber": number, _TIME: _millis(change.get(_TIME))}
    outer = {"eventID": number, "eventSource": "aws:dynamodb", "eventVersion": "1.1", "awsRegion": region, **record}
    outer.pop("eventSourceARN", None)
    whole = {**outer, "dynamodb": filled}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")


def number_of(record: dict[str, Any], otherwise: str) -> str:
    """Return its sequence number, or another if it has none.

    Raises:
        ValueError: its sequence number is invalid.
    """
    number = record["dynamodb"].get("SequenceNumber", otherwise)
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise ValueError(f"SequenceNumber: expected up to 64 digits in quotes, found {shown(number)}")
    return number


def stream_of(record: dict[str, Any], otherwise: Stream) -> Stream:
    """Return the stream that it names, or another if it names none (samples often have a placeholder there)."""
    arn = record.get("eventSourceARN")
    known = isinstance(arn, str) and _STREAM_ARN.fullmatch(arn)
    return Stream(str(arn), otherwise.worker_region) if known else otherwise


def _millis(when: Any) -> int:
    """Read seconds or milliseconds since the epoch, or an ISO time; None is now."""
    if when is None:
        return int(time.time() * 1000)
    try:
        if isinstance(when, str):
            made = datetime.fromisoformat(when.replace("Z", "+00:00"))
            return int((made if made.tzinfo else made.replace(tzinfo=timezone.utc)).timestamp() * 1000)
        return int(when if when >= _LEAST_MILLIS else when * 1000)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{_TIME}: expected seconds since the epoch or an ISO time, found {shown(when)}") from None
