"""The properties file, with its overrides: every mistake answered, with file and line, before anything starts."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, NamedTuple

import javaproperties

from record_processor.config import jvm_options, regions
from record_processor.config.bounded_file import UnreadableError, read_text
from record_processor.config.credential_providers import secrets_in
from record_processor.config.property_schema import (
    BY_ENVIRONMENT,
    ENVIRONMENT_PREFIX,
    KEYS,
    NOT_HERE,
    REQUIRED,
    PropertyKey,
)
from record_processor.config.references import UnknownValue, filled_in
from record_processor.config.service_links import is_service_link
from record_processor.config.wording import MOST_ALIKE, nearest, shown, unknown
from record_processor.errors import ConfigError, InvalidConfigError, encodable
from record_processor.logs import user_stderr
from record_processor.text import redaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_COMMAND_LINE = "--set"
# As both Python and Java read it.
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?")
# Java's largest; most of them are milliseconds, and this is 24 days.
_LARGEST_NUMBER = 2**31 - 1
_LONGEST_DIGITS = 18


class _Written(NamedTuple):
    place: str
    name: str
    value: str


class Properties:
    """Checked properties: values are of their kinds, defaults filled in."""

    def __init__(self, path: Path, values: dict[str, str]) -> None:
        self.path = path
        self._values = values

    def text(self, name: str) -> str:
        return self._values[name]

    def optional_text(self, name: str) -> str | None:
        return self._values.get(name)

    def integer(self, name: str) -> int:
        return int(self._values[name])

    def written(self) -> dict[str, str]:
        """All values by name, as text."""
        return dict(self._values)

    @property
    def actions_path(self) -> Path:
        """The actions file; a relative path counts from the folder of the properties file."""
        return self.path.parent / self.text("actionsFile")

    @property
    def stream_names(self) -> list[str]:
        """Table names and stream ARNs, in the order written."""
        return [name.strip() for name in self.text("streamName").split(",") if name.strip()]


def read_properties(path: Path, overrides: Iterable[str], environment: Mapping[str, str]) -> Properties:
    """Read the file, then apply environment variables, then `--set key=value`: the later wins.

    Raises:
        InvalidConfigError: with every mistake found.
    """
    mistakes: list[ConfigError] = []
    written = [
        *_from_file(path, mistakes),
        *_from_environment(environment, mistakes),
        *_from_command_line(overrides, mistakes),
    ]
    mistakes += _repeated(path, written)
    values = {key.name: key.default for key in KEYS.values() if key.default is not None}
    for entry in written:
        key = _known(entry, mistakes)
        if key is not None:
            if key.secret:
                redaction.remember(secrets_in(entry.value))
            mistakes += _wrong_value(entry, key)
            values[key.name] = entry.value
    mistakes += _missing(path, values, {entry.name for entry in written})
    if "regionName" not in values:
        mistakes += _use_configured_region(values, environment)
    if values["logFormat"] in KEYS["logFormat"].choices:
        user_stderr.use_format(values["logFormat"])
    if mistakes:
        raise InvalidConfigError(mistakes)
    return Properties(path, values)


def _from_file(path: Path, mistakes: list[ConfigError]) -> list[_Written]:
    line = 1
    found: list[_Written] = []
    try:
        for element in javaproperties.parse(io.StringIO(read_text(path), newline=None)):
            if isinstance(element, javaproperties.KeyValue):
                found.append(_filled_in(f"{path}:{line}", element, mistakes))
            line += element.source.count("\n")
    except UnreadableError as error:
        place = f"{path}:{error.line}" if error.line else str(path)
        raise InvalidConfigError([ConfigError(place, str(error))]) from None
    except javaproperties.InvalidUEscapeError as error:
        raise InvalidConfigError([ConfigError(f"{path}:{line}", f"has an invalid escape: {error}")]) from None
    return found


def _filled_in(place: str, element: javaproperties.KeyValue, mistakes: list[ConfigError]) -> _Written:
    """A line with the values of the environment and of files in it (`config/references.py`)."""
    value = element.value.strip()
    try:
        value = filled_in(value)
    except UnknownValue as error:
        mistakes.append(ConfigError(place, f"{element.key}: {error}"))
    return _Written(place, element.key, value)


def _from_environment(environment: Mapping[str, str], mistakes: list[ConfigError]) -> Iterator[_Written]:
    for variable, value in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and is_service_link(variable, value):
            continue
        if variable in BY_ENVIRONMENT:
            yield _Written(f"environment variable {variable}", BY_ENVIRONMENT[variable].name, value.strip())
        elif variable.startswith(ENVIRONMENT_PREFIX):
            mistakes.append(ConfigError("environment", unknown("variable", variable, BY_ENVIRONMENT)))


def _from_command_line(overrides: Iterable[str], mistakes: list[ConfigError]) -> Iterator[_Written]:
    for override in overrides:
        name, equals, value = override.partition("=")
        if equals:
            yield _Written(f"{_COMMAND_LINE} {name.strip()}", name.strip(), value.strip())
        else:
            mistakes.append(ConfigError(f"{_COMMAND_LINE} {override}", "expected key=value"))


def _repeated(path: Path, written: list[_Written]) -> list[ConfigError]:
    first: dict[str, str] = {}
    repeated = []
    for entry in written:
        if entry.place.startswith(f"{path}:") and first.setdefault(entry.name, entry.place) != entry.place:
            message = f"{entry.name} stands a second time; first: {first[entry.name]}"
            repeated.append(ConfigError(entry.place, message))
    return repeated


def _known(entry: _Written, mistakes: list[ConfigError]) -> PropertyKey | None:
    if entry.name in KEYS:
        return KEYS[entry.name]
    if entry.name.lower().startswith("awscredentialsprovider"):  # KCL too takes these in any case
        same = [key for name, key in KEYS.items() if name.lower() == entry.name.lower()]
        if same:
            return same[0]
    if entry.name in NOT_HERE:
        mistakes.append(ConfigError(entry.place, f"{entry.name} cannot be set: {NOT_HERE[entry.name]}"))
    else:
        near = nearest(entry.name, KEYS) if len(mistakes) < MOST_ALIKE else None
        hint = f"did you mean {near!r}?" if near else "properties/worker.properties lists all that matter"
        mistakes.append(ConfigError(entry.place, f"unknown key {shown(entry.name)}; {hint}"))
    return None


def _wrong_value(entry: _Written, key: PropertyKey) -> list[ConfigError]:
    if "\0" in entry.value or encodable(entry.value) != entry.value:
        return [ConfigError(entry.place, f"{key.name}: expected text, found a NUL or half of a surrogate pair in it")]
    expected = _expected(key, entry.value)
    if expected is None:
        return []
    found = "" if key.secret or key.kind == "options" else f", found {shown(entry.value)}"
    return [ConfigError(entry.place, f"{key.name}: expected {expected}{found}")]


def _expected(key: PropertyKey, value: str) -> str | None:
    """What the value should have been, or None where it is right."""
    if key.kind == "text":
        return None if value else "a value"
    if key.kind == "flag":
        return None if value in ("true", "false") else "true or false"
    if key.kind == "choice":
        return None if value in key.choices else f"one of {', '.join(key.choices)}"
    if key.kind == "number":
        return None if _NUMBER.fullmatch(value) else "a number"
    if key.kind == "region":
        return regions.expected(value)
    if key.kind == "options":
        return jvm_options.expected(value)
    return _expected_number(key, value)


def _expected_number(key: PropertyKey, value: str) -> str | None:
    number = int(value) if value.isascii() and value.isdigit() and len(value) <= _LONGEST_DIGITS else None
    if number is not None and key.minimum <= number <= (key.maximum or _LARGEST_NUMBER):
        return None
    if key.maximum is None and (number is None or number < key.minimum):
        return f"a whole number of at least {key.minimum}"
    return f"a whole number from {key.minimum} to {key.maximum or _LARGEST_NUMBER}"


def _use_configured_region(values: dict[str, str], environment: Mapping[str, str]) -> list[ConfigError]:
    provider, _, argument = values["AwsCredentialsProvider"].partition("|")
    profile = argument if provider == "ProfileCredentialsProvider" else None
    region, place = regions.configured(environment, profile)
    values["regionName"] = region
    expected = regions.expected(region)
    return [ConfigError(place, f"expected {expected}, found {region!r}")] if expected else []


def _missing(path: Path, values: Mapping[str, str], written: set[str]) -> list[ConfigError]:
    # A required key that seems to be there under a misspelt name is answered there.
    misspelt = {nearest(name, KEYS) for name in sorted(written - KEYS.keys())[:MOST_ALIKE]}
    absent = [name for name in REQUIRED if name not in values and name not in misspelt]
    return [ConfigError(str(path), f"needs the key {name!r}") for name in absent]
