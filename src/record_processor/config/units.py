"""Times and sizes as people write them in YAML: `500ms`, `2s`, `1h`, `256KB`."""

from __future__ import annotations

import re
from math import inf
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# Operating systems accept no longer waits.
_LONGEST_SECONDS = 3650 * 86400.0
_MOST_DIGITS = 15
_BYTES = {"": 1, "B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}


class Duration(float):
    """A time in seconds."""

    @classmethod
    def from_yaml(cls, value: Any) -> Duration:
        match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]+)?)(ms|s|m|h|d)", value) if isinstance(value, str) else None
        seconds = float(match.group(1)) * _SECONDS[match.group(2)] if match else inf
        if seconds > _LONGEST_SECONDS:
            raise ValueError("expected a time such as 500ms, 2s, 5m, 1h or 1d, and at most 3650d")
        return cls(seconds)

    @classmethod
    def yaml_schema(cls) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|m|h|d)$"}


class ByteSize(int):
    """A size in bytes."""

    @classmethod
    def from_yaml(cls, value: Any) -> ByteSize:
        match = re.fullmatch(r"([0-9]+)(B|KB|MB|GB|)", str(value)) if not isinstance(value, bool) else None
        if match is None:
            raise ValueError("expected a size such as 65536, 256KB or 6MB")
        if len(match.group(1)) > _MOST_DIGITS:
            raise ValueError(f"expected a size of at most {_MOST_DIGITS} digits")
        return cls(int(match.group(1)) * _BYTES[match.group(2)])

    @classmethod
    def yaml_schema(cls) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d+(B|KB|MB|GB)?$"}]}


def default(value: T) -> T:
    """Return a default with a type of ours, which msgspec could not write into a schema if it were made at once."""
    made: T = msgspec.field(default_factory=lambda: value)
    return made
