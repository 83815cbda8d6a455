"""The fields of a stream record's event, and which patterns can therefore never match.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.config.wording import unknown
from record_processor.filters.operators import IGNORE_CASE
from record_processor.filters.value_matcher import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from record_processor.config.wording import KeyPath, Problem
    from record_processor.filters.pattern_reader import Step


class _Kind(NamedTuple):
    """What a field's value is, and what can match it."""

    holds: str
    literal: Callable[[Any], bool]
    operators: frozenset[str]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_AFFIXES = frozenset({"prefix", "suffix", "wildcard", "exactly", IGNORE_CASE})
_COMMON = frozenset({"exists", "anything-but"})
_TEXT = _Kind("text", _is_text, _AFFIXES | _COMMON | {"cidr"})
_JSON_NUMBER = _Kind("a number", _is_number, _COMMON | {"numeric"})
_NUMBER = _Kind("a number", lambda one: _is_number(one) or number_of(one) is not None, _AFFIXES | _COMMON | {"numeric"})
_TRUTH = _Kind("true or false", lambda one: isinstance(one, bool), frozenset({"exists"}))
_NULL = _Kind("true", lambda one: one is True, frozenset({"exists"}))

_EVENT_NAMES = ("INSERT", "MODIFY", "REMOVE")
_EVENT_NAME = _Kind(f"one of {', '.join(_EVENT_NAMES)}", _EVENT_NAMES.__contains__, _TEXT.operators)

_TYPES = {
    "S": _TEXT, "SS": _TEXT, "B": _TEXT, "BS": _TEXT, "N": _NUMBER, "NS": _NUMBER, "BOOL": _TRUTH, "NULL": _NULL,
}  # fmt: skip
_NESTED_TYPES = ("L", "M")
_IMAGES = ("Keys", "NewImage", "OldImage")
_FIELDS: dict[str, Any] = {
    "awsRegion": _TEXT,
    "dynamodb": {
        "ApproximateCreationDateTime": _JSON_NUMBER,
        "SequenceNumber": _TEXT,
        "SizeBytes": _JSON_NUMBER,
        "StreamViewType": _TEXT,
        **dict.fromkeys(_IMAGES),
    },
    "eventID": _TEXT,
    "eventName": _EVENT_NAME,
    "eventSource": _TEXT,
    "eventSourceARN": _TEXT,
    "eventVersion": _TEXT,
    "userIdentity": {"principalId": _TEXT, "type": _TEXT},
}


def never_matches(path: Sequence[Step], members: Any, place: KeyPath) -> Iterator[Problem]:
    """Yield why a pattern's field, with its list, cannot match any record: where, and what to write instead."""
    fields: Any = _FIELDS
    for depth, step in enumerate(path):
        if step.name not in fields:
            yield step.place, unknown("key of the event", step.name, fields)
            return
        fields = fields[step.name]
        if fields is None:
            yield from _in_image(path[depth:], members, place)
            return
        if isinstance(fields, _Kind):
            yield from _in_field(path[depth:], fields, members, place)
            return
    inside = ", ".join(fields)
    yield place, f"{path[-1].name} is not a value; write a list for one of the keys in it: {inside}"


def _in_field(rest: Sequence[Step], kind: _Kind, members: Any, place: KeyPath) -> Iterator[Problem]:
    if len(rest) > 1:
        yield rest[1].place, f"{rest[0].name} is a value, and has no key {rest[1].name!r} inside"
    else:
        yield from _members(rest[0].name, kind, members, place)


def _in_image(rest: Sequence[Step], members: Any, place: KeyPath) -> Iterator[Problem]:
    """A path in keys or an image: attributes by name, and under each its type."""
    image, *names = (step.name for step in rest)
    last = names[-1] if names else ""
    if not names:
        yield place, f"{image} is not a value; write a list for an attribute's type in it, such as id: {{S: [x]}}"
    elif last in _NESTED_TYPES:
        yield place, f"{last} holds values with types of their own; write a list for a type in it, such as {{S: [x]}}"
    elif last not in _TYPES:
        known = ", ".join([*_TYPES, *_NESTED_TYPES])
        yield place, f"an attribute's value goes under its type ({known}), such as {last}: {{S: [x]}}"
    elif len(names) == 1:
        yield place, f"expected an attribute's name around the type {last}, such as id: {{{last}: …}}"
    else:
        yield from _members(last, _TYPES[last], members, place)


def _members(name: str, kind: _Kind, members: Any, place: KeyPath) -> Iterator[Problem]:
    for index, member in enumerate(members):
        here = (*place, index)
        if not isinstance(member, dict):
            yield from _literal(name, kind, member, here)
            continue
        ((operator, operand),) = member.items()
        if operator not in kind.operators:
            fitting = ", ".join(sorted(kind.operators))
            yield here, f"{operator} can never match here: {name} holds {kind.holds}; possible: {fitting}"
        elif operator == "anything-but" and not isinstance(operand, dict):
            for position, one in enumerate(operand if isinstance(operand, list) else [operand]):
                inner = (position,) if isinstance(operand, list) else ()
                yield from _literal(name, kind, one, (*here, operator, *inner))


def _literal(name: str, kind: _Kind, value: Any, place: KeyPath) -> Iterator[Problem]:
    if not kind.literal(value):
        quoted = f'; for the text write "{value}" in quotes' if kind is _TEXT and _is_number(value) else ""
        yield place, f"{_written(value)} can never match: {name} holds {kind.holds}{quoted}"


def _written(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else repr(value)
