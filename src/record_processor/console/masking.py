"""Records as the page shows them: with their values only if these were asked for.

What remains without them: which attributes an item has and of which types, and what DynamoDB says about the change.
"""

from __future__ import annotations

import json
from typing import Any

from record_processor.text.safe_text import printable_lines, shortened

MASK = "•••"
_OUTER = ("eventID", "eventName", "eventVersion", "eventSource", "eventSourceARN", "awsRegion", "userIdentity")
_INNER = ("SequenceNumber", "SizeBytes", "StreamViewType", "ApproximateCreationDateTime")
_IMAGES = ("Keys", "NewImage", "OldImage")
_LONGEST = 20_000


def text_of(record: Any, shows_values: bool) -> str:
    """Return a record as JSON of several lines; a long one is cut."""
    shown = record if shows_values else masked(record)
    text = json.dumps(shown, indent=2, ensure_ascii=False, default=str)
    return printable_lines(shortened(text, _LONGEST, mark="\n…"))


def masked(record: Any) -> Any:
    """Return a record without its values: what is not known to be none is one."""
    if not isinstance(record, dict):
        return MASK
    return {name: _outer(name, value) for name, value in record.items()}


def _outer(name: str, value: Any) -> Any:
    if name in _OUTER:
        return value
    if name == "dynamodb" and isinstance(value, dict):
        return {inner: _inner(inner, content) for inner, content in value.items()}
    return MASK


def _inner(name: str, value: Any) -> Any:
    if name in _INNER:
        return value
    if name in _IMAGES and isinstance(value, dict):
        return {attribute: _attribute(content) for attribute, content in value.items()}
    return MASK


def _attribute(value: Any) -> Any:
    """Return an attribute's type; what is inside a map or a list may be named by people."""
    return dict.fromkeys(value, MASK) if isinstance(value, dict) and len(value) == 1 else MASK
