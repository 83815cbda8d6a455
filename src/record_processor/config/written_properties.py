"""What the user wrote, and where: in the properties file, in environment variables, with `--set`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import javaproperties

from record_processor.config.bounded_file import UnreadableError, read_text
from record_processor.config.property_schema import BY_ENVIRONMENT, ENVIRONMENT_PREFIX
from record_processor.config.references import UnknownValue, filled_in
from record_processor.config.service_links import is_service_link
from record_processor.config.wording import unknown
from record_processor.errors import ConfigError, InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_COMMAND_LINE = "--set"


class WrittenProperty(NamedTuple):
    """A key and its value, not checked yet."""

    place: str
    """`FILE:LINE`, or which variable or option."""
    name: str
    value: str


def all_written(
    path: Path, overrides: Iterable[str], environment: Mapping[str, str], mistakes: list[ConfigError]
) -> list[WrittenProperty]:
    """List the file's entries, then the variables', then those of `--set`: the later counts. Adds to `mistakes`.

    Raises:
        InvalidConfigError: the file cannot be read.
    """
    return [
        *_from_file(path, mistakes),
        *_from_environment(environment, mistakes),
        *_from_command_line(overrides, mistakes),
    ]


def _from_file(path: Path, mistakes: list[ConfigError]) -> list[WrittenProperty]:
    line = 1
    found: list[WrittenProperty] = []
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


def _filled_in(place: str, element: javaproperties.KeyValue, mistakes: list[ConfigError]) -> WrittenProperty:
    """A line with the values of the environment and of files in it (`config/references.py`)."""
    value = element.value.strip()
    try:
        value = filled_in(value)
    except UnknownValue as error:
        mistakes.append(ConfigError(place, f"{element.key}: {error}"))
    return WrittenProperty(place, element.key, value)


def _from_environment(environment: Mapping[str, str], mistakes: list[ConfigError]) -> Iterator[WrittenProperty]:
    for variable, value in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and is_service_link(variable, value):
            continue
        if variable in BY_ENVIRONMENT:
            yield WrittenProperty(f"environment variable {variable}", BY_ENVIRONMENT[variable].name, value.strip())
        elif variable.startswith(ENVIRONMENT_PREFIX):
            mistakes.append(ConfigError("environment", unknown("variable", variable, BY_ENVIRONMENT)))


def _from_command_line(overrides: Iterable[str], mistakes: list[ConfigError]) -> Iterator[WrittenProperty]:
    for override in overrides:
        name, equals, value = override.partition("=")
        if equals:
            yield WrittenProperty(f"{_COMMAND_LINE} {name.strip()}", name.strip(), value.strip())
        else:
            mistakes.append(ConfigError(f"{_COMMAND_LINE} {override}", "expected key=value"))
