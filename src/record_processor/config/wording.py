"""Wording shared by everything that reports errors in configuration."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")

KeyPath = tuple["str | int", ...]
"""A place in a document: `("actions", 0, "handler")`."""

Problem = tuple[KeyPath, str]
"""The place, relative to what is examined, and what is wrong."""

MOST_ALIKE = 100
"""How many errors of one kind are reported: more of them add nothing, and looking for near names takes time."""

_LONGEST_SHOWN = 60


class Mistaken(ValueError):  # noqa: N818 - the sum of what is wrong, not one error
    """A value has the right type, but errors inside: all of them, each with its place in the value."""

    whole: ClassVar[str] = ""
    """The name of the value itself, for errors that are not in a part of it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(dict.fromkeys(problems))
        places = [(written_path(place) or self.whole, message) for place, message in self.problems]
        super().__init__("\n".join(f"{place}: {message}" if place else message for place, message in places))


def each(work: Callable[[T], R], values: Iterable[T], kind: type[Mistaken]) -> list[R]:
    """Return the results of the work for each value; if some have errors, raise one error of a kind with all."""
    results: list[R] = []
    problems: list[Problem] = []
    for value in values:
        try:
            results.append(work(value))
        except Mistaken as error:
            problems += error.problems
    if problems:
        raise kind(problems)
    return results


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return `unknown key 'handlr'; did you mean 'handler'?`, or all valid names if none is near."""
    names = sorted(known)
    near = nearest(name, names)
    hint = f"did you mean {near!r}?" if near else f"valid: {', '.join(names)}"
    return f"unknown {kind} {name!r}; {hint}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like `name`, ignoring case; None if none is."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def shown(value: Any) -> str:
    """Return a value as a message may show it: short, and in YAML's words."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    return shortened(repr(value), _LONGEST_SHOWN, mark="…")


def written_path(key_path: KeyPath) -> str:
    """Return `actions[0].handler` for `("actions", 0, "handler")`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in key_path]
    return "".join(parts).lstrip(".")
