"""Reading a filter's pattern: from what a user wrote to trees of fields, with every error in it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.config.wording import each, shown
from record_processor.filters.operators import OPERATOR_NAMES, parse
from record_processor.filters.value_matcher import InvalidFilter, ValueMatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from record_processor.config.wording import KeyPath, Problem

    Inspect = Callable[[Sequence["Step"], Any, KeyPath], Iterator[Problem]]

Tree = dict[str, "Tree | list[ValueMatcher]"]
"""Fields by name: what they must match, or the fields inside them."""

_OR = "$or"
# As in EventBridge.
MOST_ALTERNATIVES = 1000
# This counts parts too, which are multiplied only later.
_MOST_PARTS = 20_000
# An item has at most 32 levels, each with its type; no event is deeper.
MOST_LEVELS = 100


class Step(NamedTuple):
    """One name of a path through the event, and its place in the pattern."""

    name: str
    place: KeyPath


def trees(pattern: Any, place: KeyPath, inspect: Inspect) -> list[Tree]:
    """Return a pattern as trees without `$or`, any of which may match: each `$or` multiplies them.

    `inspect` is given each field that has a list, with its path, the list and its place, and yields what is wrong.

    Raises:
        InvalidFilter: with everything that is wrong.
    """
    return _Reader(inspect).trees(pattern, place, ())


class _Reader:
    def __init__(self, inspect: Inspect) -> None:
        self._inspect = inspect
        self._parts = 0

    def trees(self, pattern: Any, place: KeyPath, path: tuple[Step, ...]) -> list[Tree]:
        if not isinstance(pattern, dict):
            raise InvalidFilter([(place, f"expected a mapping of fields, found {shown(pattern)}")])
        if not pattern:
            raise InvalidFilter([(place, "expected at least one field, found an empty mapping")])
        self._limit(0, place)

        def of_field(field: tuple[Any, Any]) -> list[Tree]:
            name = str(field[0])
            return self._of_field(name, field[1], (*place, name), path)

        alternatives: list[Tree] = [{}]
        for found in each(of_field, pattern.items(), InvalidFilter):
            self._limit(len(alternatives) * len(found), place)
            alternatives = [_merged(one, other, place) for one in alternatives for other in found]
        return alternatives

    def _limit(self, alternatives: int, place: KeyPath) -> None:
        self._parts += alternatives
        if alternatives > MOST_ALTERNATIVES or self._parts > _MOST_PARTS:
            many = f"its $or make more than {MOST_ALTERNATIVES} alternatives; write several actions, or fewer $or"
            # Once, and not for each part that follows.
            raise InvalidFilter([(place if alternatives > MOST_ALTERNATIVES else (), many)])

    def _of_field(self, name: str, inside: Any, place: KeyPath, path: tuple[Step, ...]) -> list[Tree]:
        if name == _OR and _is_or(inside):
            parts = each(lambda one: self.trees(one[1], (*place, one[0]), path), enumerate(inside), InvalidFilter)
            return [tree for part in parts for tree in part]
        here = (*path, *(Step(part, place) for part in name.split(".")))
        if len(here) > MOST_LEVELS:
            raise InvalidFilter([(place, f"nested deeper than {MOST_LEVELS} levels; no event is")])
        if isinstance(inside, dict):
            return [_under(name, tree) for tree in self.trees(inside, place, here)]
        parsed = parse(inside, place)
        problems = list(self._inspect(here, inside, place))
        if problems:
            raise InvalidFilter(problems)
        return [_under(name, [parsed])]


def _is_or(inside: Any) -> bool:
    """Apply event-ruler's rule: two or more alternatives, none of which could be an operator; or it is a field."""
    return (
        isinstance(inside, list)
        and len(inside) > 1
        and all(isinstance(one, dict) and not OPERATOR_NAMES & one.keys() for one in inside)
    )


def _under(dotted_name: str, inside: Tree | list[ValueMatcher]) -> Tree:
    for name in reversed(dotted_name.split(".")):
        inside = {name: inside}
    assert isinstance(inside, dict)  # noqa: S101 - split gives at least one name
    return inside


def _merged(one: Tree, other: Tree, place: KeyPath) -> Tree:
    """Return both trees' conditions; two lists for one field (from an `$or` beside it) must both match."""
    merged = dict(one)
    for name, inside in other.items():
        present = merged.get(name)
        if isinstance(present, list) and isinstance(inside, list):
            merged[name] = present + inside
        elif isinstance(present, dict) and isinstance(inside, dict):
            merged[name] = _merged(present, inside, (*place, name))
        elif present is None:
            merged[name] = inside
        else:
            raise InvalidFilter([((*place, name), "cannot be a value and have fields inside at once")])
    return merged
