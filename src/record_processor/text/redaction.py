"""Values that must stay hidden: whatever the configuration took from the environment or from a file, and credentials.

Each process remembers them when it reads its configuration; every line that it logs and every error that it prints goes
through `redacted`. Text from outside is shortened by `safe_text.shortened` only: text that was cut first could show
most of a secret, which could no longer be recognized.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.text.secret_finder import Finder
from record_processor.text.secret_forms import forms_of

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"

_values: set[str] = set()
_finder: Finder | None = None


def remember(values: Iterable[str]) -> None:
    """Never show these from now on."""
    global _finder
    new = {value for value in values if value.strip()} - _values
    if not new:
        return
    _values.update(new)
    finder = _finder or Finder()
    finder.add(set().union(*map(forms_of, new)))
    _finder = finder


def remembered() -> list[str]:
    """Return what to pass to a process that must hide the same values."""
    return sorted(_values)


def redacted(text: str, *, cut: bool = False) -> str:
    """Return the text with every secret masked; if it was `cut`, also the beginning of a secret at its end."""
    if _finder is None or not (spans := _finder.spans(text, cut)):
        return text
    parts, end = [], 0
    for span in spans:
        parts += [text[end : span.start], MASK]
        end = span.end
    return "".join([*parts, text[end:]])


def parted(text: str) -> tuple[str, str]:
    """Split a line that is cut while more of it arrives: into what can go, and what may be a secret's beginning."""
    spans = _finder.spans(text, cut=True) if _finder else []
    waits = spans[-1].start if spans and spans[-1].end == len(text) else len(text)
    return (text[:waits], text[waits:]) if waits else (text, "")


def redacted_fields(value: Any) -> Any:
    """Redact all texts in a value, at any depth, including keys."""
    if isinstance(value, str):
        return redacted(value)
    if _finder is None or value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {_redacted_key(key): redacted_fields(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redacted_fields(inner) for inner in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _redacted_bytes(bytes(value))
    return _redacted_object(value)


def redacted_line(line: dict[str, Any]) -> dict[str, Any]:
    """Redact a log line, except for its event, its level and the names that every line has: these are our own words."""
    if _finder is None:
        return line
    ours = {"level": line["level"], "event": line["event"]}
    fields = {name if name in _NAMES else _redacted_key(name): redacted_fields(line[name]) for name in line}
    return {**fields, **ours}


_NAMES = frozenset({"time", "level", "event", "message", "traceback"})
"""The members that every reader of a line looks for."""


def _redacted_key(key: Any) -> Any:
    return redacted(key) if isinstance(key, str) else _redacted_bytes(key) if isinstance(key, bytes) else key


def _redacted_bytes(content: bytes) -> bytes | str:
    text = content.decode("utf-8", "surrogateescape")
    masked = redacted(text)
    return content if masked == text else masked


def _redacted_object(value: Any) -> Any:
    """Return what JSON would make of it, if that can be said."""
    try:
        plain = msgspec.to_builtins(value, builtin_types=(bytes, bytearray, memoryview), str_keys=True, enc_hook=str)
    except Exception:  # its class is a user's
        return value
    return redacted_fields(plain)
