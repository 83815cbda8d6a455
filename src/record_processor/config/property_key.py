"""What one property is: its type, range, default and description."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from record_processor.config import jvm_options, regions

if TYPE_CHECKING:
    import enum

Kind = Literal["text", "integer", "number", "flag", "choice", "region", "options"]

ENVIRONMENT_PREFIX = "RECORD_PROCESSOR_"
FIRST_VERSION = "0.1.0"

# Numbers that both Python and Java read.
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?")
# Java's largest integer; most values are milliseconds, and this is 24 days.
_LARGEST_NUMBER = 2**31 - 1
_LONGEST_DIGITS = 18


class PropertyKey(NamedTuple):
    """One property: how it is written, and its default."""

    name: str
    kind: Kind
    default: str | None
    """None: it has no value unless written, and KCL's own default applies."""
    description: str
    """One or more sentences for users; the reference is built from them."""
    minimum: int = 0
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False
    """Whether its value is hidden everywhere."""
    ours: bool = False
    """Whether it is unknown to KCL."""
    since: str = FIRST_VERSION
    """The first version of record-processor with this property."""

    @property
    def environment(self) -> str:
        """The environment variable that overrides it: `failoverTimeMillis` is RECORD_PROCESSOR_FAILOVER_TIME_MILLIS."""
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.name)
        return ENVIRONMENT_PREFIX + words.upper()

    @property
    def type_name(self) -> str:
        """The type in words, for the reference: `a whole number from 1 to 1000`."""
        if self.kind == "integer":
            return self._integer_type()
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        names = {"text": "text", "number": "a number", "flag": "true or false", "region": "a region of AWS"}
        return names.get(self.kind, "options of java, quoted as in a shell")

    def expected(self, value: str) -> str | None:
        """Return what the value should have been, or None if it is valid."""
        if self.kind == "text":
            return None if value else "a value"
        if self.kind == "region":
            return regions.expected(value)
        if self.kind == "options":
            return jvm_options.expected(value)
        if self._is_right(value):
            return None
        return self._in_range() if self.kind == "integer" and _is_too_large(value) else self.type_name

    def _is_right(self, value: str) -> bool:
        if self.kind == "flag":
            return value in ("true", "false")
        if self.kind == "choice":
            return value in self.choices
        if self.kind == "number":
            return _NUMBER.fullmatch(value) is not None
        return _is_whole(value) and self.minimum <= int(value) <= (self.maximum or _LARGEST_NUMBER)

    def _integer_type(self) -> str:
        return f"a whole number of at least {self.minimum}" if self.maximum is None else self._in_range()

    def _in_range(self) -> str:
        return f"a whole number from {self.minimum} to {self.maximum or _LARGEST_NUMBER}"


def _is_whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _LONGEST_DIGITS


def _is_too_large(value: str) -> bool:
    return _is_whole(value) and int(value) > _LARGEST_NUMBER


def text(
    name: str, description: str, default: str | None = None, *, secret: bool = False, ours: bool = False
) -> PropertyKey:
    return PropertyKey(name, "text", default, description, secret=secret, ours=ours)


def integer(
    name: str,
    description: str,
    default: int | None = None,
    minimum: int = 0,
    maximum: int | None = None,
    *,
    ours: bool = False,
) -> PropertyKey:
    written = None if default is None else str(default)
    return PropertyKey(name, "integer", written, description, minimum, maximum, ours=ours)


def number(name: str, description: str) -> PropertyKey:
    return PropertyKey(name, "number", None, description)


def flag(name: str, description: str, default: bool | None = None, *, ours: bool = False) -> PropertyKey:
    return PropertyKey(name, "flag", None if default is None else str(default).lower(), description, ours=ours)


def choice(
    name: str, description: str, words: type[enum.Enum], default: enum.Enum | None = None, *, ours: bool = False
) -> PropertyKey:
    choices = tuple(str(word.value) for word in words)
    written = None if default is None else str(default.value)
    return PropertyKey(name, "choice", written, description, choices=choices, ours=ours)
