"""Wording shared by everything that answers mistakes."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

KeyPath = tuple["str | int", ...]
"""Where a value stands in a document: `("actions", 0, "handler")`."""

_LONGEST_SHOWN = 60


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """`unknown key 'handlr'; did you mean 'handler'?`, or all valid names where none is near."""
    names = sorted(known)
    near = nearest(name, names)
    hint = f"did you mean {near!r}?" if near else f"valid: {', '.join(names)}"
    return f"unknown {kind} {name!r}; {hint}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None where none is like it; case does not count."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def shown(value: Any) -> str:
    """A value as a message may show it: short, and in YAML's words."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def written_path(key_path: KeyPath) -> str:
    """`actions[0].handler` for `("actions", 0, "handler")`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in key_path]
    return "".join(parts).lstrip(".")
