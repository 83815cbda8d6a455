"""Values that must never be seen: whatever the configuration took from the environment or from a file.

Each process remembers them when it reads its configuration; every line that it logs and every error that it prints goes
through `redacted`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"

# A value as short as this stands in many a word by chance, so it is masked as a whole word only.
_SHORT = 6

_values: set[str] = set()
_pattern: re.Pattern[str] | None = None


def remember(values: Iterable[str]) -> None:
    """Never show these from now on."""
    global _pattern
    _values.update(value for value in values if value.strip())
    # The longest first: one value may be the beginning of another.
    looks = sorted({look for value in _values for look in _looks(value)}, key=len, reverse=True)
    _pattern = re.compile("|".join(map(_as_pattern, looks))) if looks else None


def remembered() -> list[str]:
    """What to hand to a process that is to keep the same silence."""
    return sorted(_values)


def redacted(text: str) -> str:
    return text if _pattern is None else _pattern.sub(MASK, text)


def redacted_fields(value: Any) -> Any:
    """The same for whatever texts are in a value, at any depth."""
    if _pattern is None:
        return value
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {key: redacted_fields(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redacted_fields(inner) for inner in value]
    return value


def redacted_line(line: dict[str, Any]) -> dict[str, Any]:
    """A log line; its event and level are words of ours, whatever a value may be."""
    return {**redacted_fields(line), "level": line["level"], "event": line["event"]} if _pattern else line


def _looks(value: str) -> set[str]:
    """How a value may be written where somebody quotes it: in Python, in JSON, in an address, line by line."""
    lines = [line for line in value.splitlines() if len(line) > _SHORT]
    return {value, repr(value)[1:-1], json.dumps(value)[1:-1], quote(value, safe=""), quote_plus(value), *lines}


def _as_pattern(look: str) -> str:
    escaped = re.escape(look)
    return escaped if len(look) > _SHORT else rf"(?<!\w){escaped}(?!\w)"
