"""Templates: JSON with placeholders for a record's values, read once and checked before anything starts.

`{new.Total}` stands for an attribute of the new image. A text that consists of one placeholder becomes the value
itself, with its type; in a longer text the value is written out. A key whose value is missing in the record is left
out; `{new.Total:0}` gives a value for that case. `{{` and `}}` are braces.

Paths refer to the record in the shape `plain` (`ChangeRecord.plain`).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from record_processor.config.wording import Mistaken, each, shown, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from record_processor.config.wording import KeyPath

ROOTS = ("createdAt", "eventID", "eventName", "keys", "new", "old", "sequenceNumber", "table", "userIdentity")
_BELOW = ("keys", "new", "old", "userIdentity")
"""The roots that have values inside."""

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PATH = re.compile(r'(?P<root>\w+)(?P<rest>(?:\.[^.\[\]":]+|\["[^"]+"\]|\[\d+\])*)(?::(?P<default>.*))?', re.DOTALL)
_STEP = re.compile(r'\.([^.\[\]":]+)|\["([^"]+)"\]|\[(\d+)\]')
# An item has at most 400 KB.
_MOST_INDEX_DIGITS = 6
_MISSING: Any = object()
_encoder = msgspec.json.Encoder(decimal_format="number")


class InvalidTemplate(Mistaken):
    """A template has errors; the message names the place of each."""


class Place(NamedTuple):
    """`{new.Total:0}`: where the value is, and what replaces it if it is missing."""

    steps: tuple[str | int, ...]
    default: str | None

    def __str__(self) -> str:
        """Return `{new.Total:0}`, as a user might have written it."""
        first, *rest = self.steps
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)
        return f"{{{first}{path}{'' if self.default is None else ':' + self.default}}}"

    def value(self, plain: Any) -> Any:
        found = plain
        for step in self.steps:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return _MISSING if self.default is None else self.default
        return found


class Template:
    """Any JSON value with placeholders in its texts. Read from YAML by `from_yaml`; rendered for each record."""

    def __init__(self, source: Any) -> None:
        self._root = _parsed(source)

    @classmethod
    def from_yaml(cls, value: Any) -> Template:
        return cls(value)

    @classmethod
    def yaml_schema(cls) -> dict[str, Any]:
        return {"description": "Any JSON; places in its texts stand for values of the record."}

    def render(self, plain: Mapping[str, Any]) -> Any:
        """Return the value for a record in the shape `plain`; None for a single placeholder without a value."""
        rendered = _rendered(self._root, plain)
        return None if rendered is _MISSING else rendered

    def places(self) -> Iterator[Place]:
        """Yield every placeholder in it."""
        return _places(self._root)


class TextTemplate(Template):
    """A template that renders text."""

    def __init__(self, source: Any) -> None:
        if not isinstance(source, str):
            raise ValueError("expected a text such as '{eventName} of {table}'")
        super().__init__(source)

    @classmethod
    def from_yaml(cls, value: Any) -> TextTemplate:
        return cls(value)

    @classmethod
    def yaml_schema(cls) -> dict[str, Any]:
        return {"type": "string"}

    @property
    def fixed(self) -> str | None:
        """The text, if it is the same for every record."""
        return self._root if isinstance(self._root, str) else None

    def text(self, plain: Mapping[str, Any]) -> str:
        """Return the text for a record in the shape `plain`."""
        rendered = self.render(plain)
        return "" if rendered is None else _written(rendered)


def _parsed(source: Any, place: KeyPath = ()) -> Any:
    if isinstance(source, str):
        return _parsed_text(source, place)
    if isinstance(source, list):
        return each(lambda one: _parsed(one[1], (*place, one[0])), enumerate(source), InvalidTemplate)
    if isinstance(source, dict):
        _refuse_forgotten_quotes(source, place)
        pairs = [(str(key), value) for key, value in source.items()]
        parsed = each(lambda pair: _parsed(pair[1], (*place, pair[0])), pairs, InvalidTemplate)
        return {key: value for (key, _), value in zip(pairs, parsed, strict=True)}
    return source


def _refuse_forgotten_quotes(source: dict[Any, Any], place: KeyPath) -> None:
    """YAML reads `key: {keys.id}` as a mapping with the key `keys.id` and no value."""
    if len(source) == 1:
        ((key, value),) = source.items()
        if value is None and isinstance(key, str) and re.match(r"\w+", key) and _root_of(key) in ROOTS:
            said = f'expected "{{{key}}}" in quotes: without them YAML takes it for a mapping'
            raise InvalidTemplate([(place, said)])


def _root_of(path: str) -> str:
    return re.split(r"[.\[:]", path, maxsplit=1)[0]


def _parsed_text(text: str, place: KeyPath) -> Any:
    tokens = list(_TOKEN.finditer(text))
    found = each(lambda token: _part(token, text, place), tokens, InvalidTemplate)
    parts: list[Any] = []
    position = 0
    for token, part in zip(tokens, found, strict=True):
        parts += [text[position : token.start()], part]
        position = token.end()
    parts = [part for part in [*parts, text[position:]] if part != ""]
    if len(parts) == 1 and isinstance(parts[0], Place):
        return parts[0]
    if any(isinstance(part, Place) for part in parts):
        return tuple(parts)
    return "".join(parts)


def _part(token: re.Match[str], text: str, place: KeyPath) -> str | Place:
    if token.group() in ("{{", "}}"):
        return token.group()[0]
    try:
        if token.group(1) is None:
            raise ValueError(f"an unmatched brace in {shown(text)}; write {{{{ or }}}} for a brace")
        return _place(token.group(1))
    except ValueError as error:
        raise InvalidTemplate([(place, str(error))]) from None


def _place(source: str) -> Place:
    match = _PATH.fullmatch(source.strip())
    if match is None:
        raise ValueError(f'expected a path such as {{keys.id}} or {{new["a.b"][0]}}, found {{{source}}}')
    root = match["root"]
    if root not in ROOTS:
        raise ValueError(f"in {{{source}}}: {unknown('place', root, ROOTS)}")
    if match["rest"] and root not in _BELOW:
        raise ValueError(f"in {{{source}}}: {root} is text and has no fields")
    steps: list[str | int] = [root]
    for name, quoted, index in _STEP.findall(match["rest"]):
        if len(index) > _MOST_INDEX_DIGITS:
            raise ValueError(f"no list has a place [{index[:_MOST_INDEX_DIGITS]}…] of {len(index):,} digits")
        steps.append(int(index) if index else name or quoted)
    return Place(tuple(steps), match["default"])


def _places(node: Any) -> Iterator[Place]:
    if isinstance(node, Place):
        yield node
    elif isinstance(node, (tuple, list, dict)):
        for inside in node.values() if isinstance(node, dict) else node:
            yield from _places(inside)


def _rendered(node: Any, plain: Mapping[str, Any]) -> Any:
    if isinstance(node, Place):
        return node.value(plain)
    if isinstance(node, tuple):
        return "".join(part if isinstance(part, str) else _written(part.value(plain)) for part in node)
    if isinstance(node, list):
        values = [_rendered(element, plain) for element in node]
        return [value for value in values if value is not _MISSING]
    if isinstance(node, dict):
        pairs = {key: _rendered(value, plain) for key, value in node.items()}
        return {key: value for key, value in pairs.items() if value is not _MISSING}
    return node


def _written(value: Any) -> str:
    """Return a value inside a text: texts as they are, anything else as JSON."""
    if value is _MISSING:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}" if -40 < value.adjusted() < 40 else str(value)
    return _encoder.encode(value).decode()
