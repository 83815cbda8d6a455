"""Wildcard patterns: `*` is any run of characters, `\\*` and `\\\\` are themselves.

The parts between the stars are searched for one after another, so a match takes time proportional to the length of the
text, whatever the text is. (A regular expression backtracks: a long text could keep it busy forever.)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PART = re.compile(r"\\.?|\*|[^\\*]+", re.DOTALL)


def wildcard(pattern: str) -> Callable[[str], bool]:
    """Return a check whether a text matches.

    Raises:
        ValueError: two stars in a row, or a backslash before anything else.
    """
    first, *rest = _parts(pattern)
    if not rest:
        return lambda text: text == first
    *middle, last = rest
    shortest = len(first) + len(last)

    def matches(text: str) -> bool:
        if len(text) < shortest or not text.startswith(first) or not text.endswith(last):
            return False
        position, end = len(first), len(text) - len(last)
        for part in middle:
            # The leftmost place leaves the most room for the rest.
            position = text.find(part, position, end)
            if position < 0:
                return False
            position += len(part)
        return True

    return matches


def _parts(pattern: str) -> list[str]:
    """Return the parts between the stars."""
    parts = [""]
    previous = ""
    for part in _PART.findall(pattern):
        if part == previous == "*":
            raise ValueError("** is not allowed; one * is any run of characters")
        if part == "*":
            parts.append("")
        elif part[0] == "\\" and part[1:] not in ("*", "\\"):
            raise ValueError(f"a backslash must precede * or another backslash, found {part!r}")
        else:
            parts[-1] += part[1:] if part[0] == "\\" else part
        previous = part
    return parts
