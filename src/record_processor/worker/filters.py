"""Filters: EventBridge's and Lambda's pattern language over the record as Lambda shapes it.

A pattern mirrors the event: each field that it names leads to a list of values or operators (`operators.py`), and all
of the fields must match. Compiled once into closures, a match costs about a microsecond.

Two rules of event-ruler that the guides do not spell out. An event is a set of dotted paths, so `{"a": {"b": …}}` and
`{"a.b": …}` are the same, in patterns and in events. Fields inside an array of objects must match within one element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.worker.matchers import InvalidFilter, Matchers
from record_processor.worker.operators import OPERATOR_NAMES, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    Match = Callable[[Any], bool]

__all__ = ["Filter", "InvalidFilter"]

_OR = "$or"
_ABSENT = object()
_NO_FIELDS: dict[str, Any] = {}
# Under this key DynamoDB's attribute values have their numbers, as text.
_ATTRIBUTE_NUMBER = "N"

Tree = dict[str, "Tree | list[Matchers]"]
"""Fields by name: what they must match, or the fields inside them."""


class Filter:
    """A compiled pattern, or several of which any one will do."""

    def __init__(self, pattern: Any) -> None:
        """Compile.

        Args:
            pattern: a mapping, or a list of mappings.

        Raises:
            InvalidFilter: it is malformed; the message names the place.
        """
        patterns = pattern if isinstance(pattern, list) else [pattern]
        if not patterns:
            raise InvalidFilter("expected at least one pattern, found an empty list")
        many = len(patterns) > 1
        trees = [tree for index, one in enumerate(patterns) for tree in _trees(one, f"[{index}]" if many else "")]
        self.matches: Match = _any([_node(tree) for tree in trees])
        """Whether an event (plain JSON data) matches: `matches(event) -> bool`."""
        self.paths = frozenset(path for tree in trees for path in _paths(tree))
        """Every path that the pattern looks at, as names in order."""


def _trees(pattern: Any, place: str) -> list[Tree]:
    """A pattern as trees without `$or`, any of which may match: each `$or` multiplies them."""
    if not isinstance(pattern, dict):
        raise InvalidFilter(f"{place or 'pattern'}: expected a mapping of fields, found {pattern!r}")
    if not pattern:
        raise InvalidFilter(f"{place or 'pattern'}: expected at least one field, found an empty mapping")
    alternatives: list[Tree] = [{}]
    for name, inside in pattern.items():
        here = f"{place}.{name}" if place else str(name)
        alternatives = [
            _merged(one, other) for one in alternatives for other in _trees_of_field(str(name), inside, here)
        ]
    return alternatives


def _trees_of_field(name: str, inside: Any, place: str) -> list[Tree]:
    if name == _OR and _is_or(inside):
        return [tree for index, one in enumerate(inside) for tree in _trees(one, f"{place}[{index}]")]
    if isinstance(inside, dict):
        return [_under(name, tree) for tree in _trees(inside, place)]
    return [_under(name, [parse(inside, place)])]


def _is_or(inside: Any) -> bool:
    """event-ruler's rule: at least two alternatives, none of which could be an operator; else it is a field's name."""
    return (
        isinstance(inside, list)
        and len(inside) > 1
        and all(isinstance(one, dict) and not OPERATOR_NAMES & one.keys() for one in inside)
    )


def _under(dotted_name: str, inside: Tree | list[Matchers]) -> Tree:
    for name in reversed(dotted_name.split(".")):
        inside = {name: inside}
    assert isinstance(inside, dict)  # noqa: S101 - split gives at least one name
    return inside


def _merged(one: Tree, other: Tree) -> Tree:
    """Both trees' conditions; two lists for one field (from an `$or` beside it) must both match."""
    merged = dict(one)
    for name, inside in other.items():
        present = merged.get(name)
        if isinstance(present, list) and isinstance(inside, list):
            merged[name] = present + inside
        elif isinstance(present, dict) and isinstance(inside, dict):
            merged[name] = _merged(present, inside)
        elif present is None:
            merged[name] = inside
        else:
            raise InvalidFilter(f"{name}: cannot be a value and have fields inside at once")
    return merged


def _paths(tree: Tree) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, inside in tree.items():
        found += [(name, *rest) for rest in _paths(inside)] if isinstance(inside, dict) else [(name,)]
    return found


def _node(tree: Tree) -> Match:
    """Whether an object has all the fields of the tree, or an array an element that has them."""
    fields = tuple(_field(name, inside) for name, inside in tree.items())

    def match(value: Any) -> bool:
        if type(value) is list and value:
            return any(match(element) for element in value)
        # Where there is no object, only fields that may be missing match.
        event = value if type(value) is dict else _NO_FIELDS
        for field in fields:  # noqa: SIM110 - a loop takes half the time of all() over a generator
            if not field(event):
                return False
        return True

    return match


def _field(name: str, inside: Tree | list[Matchers]) -> Match:
    if not isinstance(inside, dict):
        return _value(name, _leaf(name, inside))
    below, dotted = _node(inside), _dotted(name, inside)

    def match(event: dict[str, Any]) -> bool:
        value = event.get(name, _ABSENT)
        if value is _ABSENT and event:
            return dotted(event)
        return below(value)

    return _straight(name, inside, match)


def _value(name: str, leaf: Match) -> Match:
    return lambda event: leaf(event.get(name, _ABSENT))


def _straight(name: str, inside: Tree, any_way: Match) -> Match:
    """The quick way down a path without branches, through objects all the way; else `any_way`."""
    names = [name]
    below: Tree | list[Matchers] = inside
    while isinstance(below, dict) and len(below) == 1:
        ((one, below),) = below.items()
        names.append(one)
    if isinstance(below, dict):
        return any_way
    leaf, path = _leaf(names[-1], below), tuple(names)

    def match(event: dict[str, Any]) -> bool:
        value: Any = event
        for step in path:
            if type(value) is not dict or (value := value.get(step, _ABSENT)) is _ABSENT:
                return any_way(event)
        return leaf(value)

    return match


def _dotted(name: str, tree: Tree) -> Match:
    """The same fields, where the event writes two names of a path as one: `{"a.b": …}` for a pattern's a, b."""
    joined = [_field(f"{name}.{inner}", inside) for inner, inside in tree.items()]
    return joined[0] if len(joined) == 1 else lambda event: all(field(event) for field in joined)


def _leaf(name: str, matchers: list[Matchers]) -> Match:
    if len(matchers) > 1:
        every = [_leaf(name, [one]) for one in matchers]
        return lambda value: all(leaf(value) for leaf in every)
    (one,) = matchers
    is_number = name.rpartition(".")[2] == _ATTRIBUTE_NUMBER
    accept = one.accept_attribute_number if is_number and one.number_tests else one.accept
    texts = one.texts

    def match(value: Any) -> bool:
        if type(value) is str:
            return value in texts or accept(value)
        if value is _ABSENT or type(value) is dict:
            return one.absent  # an object is no value: only its fields' paths are there
        if type(value) is list:
            return any(match(element) for element in value) if value else one.absent
        return accept(value)

    return match


def _any(alternatives: list[Match]) -> Match:
    return alternatives[0] if len(alternatives) == 1 else lambda event: any(match(event) for match in alternatives)
