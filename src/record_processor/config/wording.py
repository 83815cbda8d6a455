"""Wording shared by everything that answers mistakes."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")

KeyPath = tuple["str | int", ...]
"""Where a value stands in a document: `("actions", 0, "handler")`."""

Problem = tuple[KeyPath, str]
"""Where, relative to what is looked at, and what."""

MOST_ALIKE = 100
"""So many mistakes of one kind are answered; more of them say nothing new, and looking for near names takes time."""

_LONGEST_SHOWN = 60


class Mistaken(ValueError):  # noqa: N818 - the sum of what is wrong, not one error
    """A value is of the right type, and has mistakes inside: all of them, each with its place in the value."""

    whole: ClassVar[str] = ""
    """What the value itself is called, where the mistake is no part's."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(dict.fromkeys(problems))
        places = [(written_path(place) or self.whole, message) for place, message in self.problems]
        super().__init__("\n".join(f"{place}: {message}" if place else message for place, message in places))


def each(work: Callable[[T], R], values: Iterable[T], kind: type[Mistaken]) -> list[R]:
    """The results of the work for each value; where some have mistakes, an error of a kind with all of them."""
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
    return shortened(repr(value), _LONGEST_SHOWN, mark="…")


def written_path(key_path: KeyPath) -> str:
    """`actions[0].handler` for `("actions", 0, "handler")`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in key_path]
    return "".join(parts).lstrip(".")
