"""Filters: EventBridge's and Lambda's pattern language over the record in Lambda's shape.

A pattern mirrors the event: each field that it names leads to a list of values or operators (`operators.py`), and all
of the fields must match. It is compiled once into closures; a match takes about a microsecond.

Two rules of event-ruler that the guides do not mention: an event is a set of dotted paths, so `{"a": {"b": …}}` and
`{"a.b": …}` are the same, in patterns and in events; and fields inside an array of objects must match within one
element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.config.wording import each
from record_processor.filters.pattern_reader import Tree, trees
from record_processor.filters.value_matcher import InvalidFilter, ValueMatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from record_processor.config.wording import KeyPath, Problem
    from record_processor.filters.pattern_reader import Inspect, Step

    Match = Callable[[Any], bool]

__all__ = ["EventPattern", "InvalidFilter"]

_ABSENT = object()
_NO_FIELDS: dict[str, Any] = {}
# DynamoDB's attribute values contain numbers, as text, under these keys.
_ATTRIBUTE_NUMBERS = ("N", "NS")


def _any_event(_path: Sequence[Step], _members: Any, _place: KeyPath) -> Iterator[Problem]:
    return iter(())


class EventPattern:
    """A compiled pattern, or several of which any may match. Immutable, and so thread-safe."""

    def __init__(self, pattern: Any, inspect: Inspect = _any_event) -> None:
        """Compile.

        Args:
            pattern: a mapping, or a list of mappings.
            inspect: what else can be wrong if the shape of the events is known; as in `patterns.trees`.

        Raises:
            InvalidFilter: it is malformed; the message names every place.
        """
        patterns = pattern if isinstance(pattern, list) else [pattern]
        if not patterns:
            raise InvalidFilter([((), "expected at least one pattern, found an empty list")])
        placed = [((index,) if isinstance(pattern, list) else (), one) for index, one in enumerate(patterns)]
        found = each(lambda one: trees(one[1], one[0], inspect), placed, InvalidFilter)
        alternatives = [tree for part in found for tree in part]
        self.matches: Match = _any([_object(_fields(tree)) for tree in alternatives])
        """Whether an event (plain JSON data) matches: `matches(event) -> bool`."""
        self.paths = frozenset(path for tree in alternatives for path in _paths(tree))
        """Every path that the pattern looks at, as names in order."""


def _paths(tree: Tree) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, inside in tree.items():
        found += [(name, *rest) for rest in _paths(inside)] if isinstance(inside, dict) else [(name,)]
    return found


class _Field(NamedTuple):
    """A field of an object, compiled."""

    name: str
    value: Match
    """Whether its value matches; the value is `_ABSENT` if it is missing."""
    inside: tuple[_Field, ...]
    """The fields inside it, if it is an object."""
    match: Match
    """Whether an object with this field matches."""


def _fields(tree: Tree) -> tuple[_Field, ...]:
    return tuple(_field(name, inside) for name, inside in tree.items())


def _field(name: str, inside: Tree | list[ValueMatcher]) -> _Field:
    if not isinstance(inside, dict):
        leaf = _leaf(name, inside)
        return _Field(name, leaf, (), lambda event: leaf(event.get(name, _ABSENT)))
    fields = _fields(inside)
    below, prefix = _object(fields), name + "."

    def match(event: dict[str, Any]) -> bool:
        value = event.get(name, _ABSENT)
        return _joined(prefix, fields, event) if value is _ABSENT else below(value)

    return _Field(name, below, fields, _straight(name, fields, match))


def _object(fields: tuple[_Field, ...]) -> Match:
    """Return a check whether an object has all the fields, or an array has an element with them."""
    matches = tuple(field.match for field in fields)

    def match(value: Any) -> bool:
        if type(value) is list and value:
            return any(match(element) for element in value)
        # If there is no object, only fields that may be missing match.
        event = value if type(value) is dict else _NO_FIELDS
        for field in matches:  # noqa: SIM110 - a loop takes half the time of all() over a generator
            if not field(event):
                return False
        return True

    return match


def _joined(prefix: str, fields: tuple[_Field, ...], event: dict[str, Any]) -> bool:
    """Do the same if the event writes two names of a path as one: `{"a.b": …}` for a pattern's a, b."""
    for field in fields:
        name = prefix + field.name
        value = event.get(name, _ABSENT)
        goes_on = value is _ABSENT and field.inside
        if not (_joined(name + ".", field.inside, event) if goes_on else field.value(value)):
            return False
    return True


def _straight(name: str, inside: tuple[_Field, ...], any_way: Match) -> Match:
    """Return the fast way down a path without branches, if there are objects all the way; otherwise `any_way`."""
    names = [name]
    while len(inside) == 1:
        (field,) = inside
        names.append(field.name)
        inside, leaf = field.inside, field.value
    if inside:
        return any_way
    path = tuple(names)

    def match(event: dict[str, Any]) -> bool:
        value: Any = event
        for step in path:
            if type(value) is not dict or (value := value.get(step, _ABSENT)) is _ABSENT:
                return any_way(event)
        return leaf(value)

    return match


def _leaf(name: str, matchers: list[ValueMatcher]) -> Match:
    if len(matchers) > 1:
        every = [_leaf(name, [one]) for one in matchers]
        return lambda value: all(leaf(value) for leaf in every)
    one, accept, texts, absent = matchers[0], matchers[0].accept, matchers[0].texts, matchers[0].absent
    if name in _ATTRIBUTE_NUMBERS:
        accept = one.for_attribute_numbers().accept_attribute_number

    def match(value: Any) -> bool:
        if type(value) is str:
            return value in texts or accept(value)
        if value is _ABSENT or type(value) is dict:
            return absent  # an object is not a value: only its fields' paths exist
        if type(value) is list:
            return any(match(element) for element in value) if value else absent
        return accept(value)

    return match


def _any(alternatives: list[Match]) -> Match:
    return alternatives[0] if len(alternatives) == 1 else lambda event: any(match(event) for match in alternatives)
