"""A letter's record, shown with or without the values in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from record_processor.dead_letters.letter import Letter

# Nothing here is of an item. In records that were forged, it may be anything, and so only texts and numbers are shown.
_SHOWN = frozenset(("eventID", "eventName", "eventSource", "eventVersion", "awsRegion"))
_SHOWN_OF_CHANGE = frozenset(("ApproximateCreationDateTime", "SequenceNumber", "SizeBytes", "StreamViewType"))
_LONGEST_SHOWN = 128
_MASK = "(masked)"
# Shorter values are in any text.
_SHORTEST_FOUND = 4
# Looking for more in a traceback takes seconds: then it is masked as a whole.
_MOST_SOUGHT = 20_000


def record_text(letter: Letter, shows_values: bool) -> str:
    """Return the record as indented JSON; of one that cannot be read, how long it is, or its bytes."""
    try:
        record = msgspec.json.decode(letter.raw)
        made = record if shows_values else _masked_record(record)
        return json.dumps(made, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return repr(letter.raw) if shows_values else f"({len(letter.raw)} bytes that cannot be read as a record)"


def without_values(text: str, letter: Letter) -> str:
    """Return an error's text without the values of the record in it: messages like to quote them."""
    if not text:
        return text
    try:
        values = _values_of(msgspec.json.decode(letter.raw))
    except (ValueError, RecursionError):
        values = None
    if values is None or letter.left_out or len(values) > _MOST_SOUGHT:
        return _MASK  # nobody can tell what in it is a value
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, _MASK)
    return text


def _masked_record(record: Any) -> Any:
    if not isinstance(record, dict):
        return _masked(record)
    return {name: _masked_part(name, value) for name, value in record.items()}


def _masked_part(name: str, value: Any) -> Any:
    if name == "dynamodb" and isinstance(value, dict):
        return {inner: _plain_or_masked(inner, what, _SHOWN_OF_CHANGE) for inner, what in value.items()}
    return _plain_or_masked(name, value, _SHOWN)


def _plain_or_masked(name: str, value: Any, shown: frozenset[str]) -> Any:
    is_short = isinstance(value, (str, int, float)) and len(str(value)) <= _LONGEST_SHOWN
    return value if name in shown and is_short else _masked(value)


def _masked(value: Any) -> Any:
    """Keep the shape: names, types, and how long texts are."""
    if isinstance(value, dict):
        return {name: _masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    if isinstance(value, bool):
        return "(true or false)"
    if isinstance(value, str):
        return f"({len(value)} character{'s' * (len(value) != 1)})"
    return value if value is None else "(a number)"


def _values_of(record: Any) -> set[str] | None:
    """Return the texts of keys and images that are worth looking for; None if it is no record."""
    change = record.get("dynamodb") if isinstance(record, dict) else None
    if not isinstance(change, dict):
        return None
    found: set[str] = set()
    _collect([value for name, value in change.items() if name not in _SHOWN_OF_CHANGE], found)
    _collect([value for name, value in record.items() if name not in (*_SHOWN, "dynamodb")], found)
    return found


def _collect(value: Any, found: set[str]) -> None:
    if len(found) > _MOST_SOUGHT:
        return
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            _collect(inner, found)
    elif isinstance(value, str) and len(value) >= _SHORTEST_FOUND:
        # As it is, and as Python and JSON quote it.
        found.update((value, repr(value)[1:-1], json.dumps(value)[1:-1]))
