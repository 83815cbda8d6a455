"""A YAML file with the position of each value, so that an error can be reported with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from record_processor.config.bounded_file import UnreadableError, read_text
from record_processor.config.bounded_yaml import BoundedLoader, Count, check_depth, refuse_collection
from record_processor.config.wording import MOST_ALIKE, written_path
from record_processor.config.yaml_scalars import TEXT, keep_as_text, of_node, whole_text
from record_processor.errors import ConfigError, InvalidConfigError
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.config.wording import KeyPath, Problem
    from record_processor.config.yaml_scalars import Scalar


# The library's messages contain names from the file, such as an anchor's.
_LONGEST_PROBLEM = 300


class YamlFile:
    """The data of a YAML file, and the line of each key."""

    def __init__(self, path: Path, data: Any, seen: _Seen) -> None:
        self.path = path
        self.data = data
        self.scalars = seen.scalars
        """Unquoted scalars that YAML does not read as text, by place."""
        self.problems = seen.problems
        """Values that YAML reads in a way that nobody can have meant."""
        self._lines = seen.lines

    def line(self, key_path: KeyPath) -> int:
        """Return the line of a key, or of the nearest key around it that is in the file."""
        known = key_path
        while known not in self._lines and known:
            known = known[:-1]
        return self._lines.get(known, 1)

    def mistake(self, key_path: KeyPath, message: str) -> ConfigError:
        name = written_path(key_path)
        return ConfigError(f"{self.path}:{self.line(key_path)}", f"{name}: {message}" if name else message)


class _Seen:
    """What a walk over a file's nodes finds."""

    def __init__(self) -> None:
        self.count = Count()
        self.lines: dict[KeyPath, int] = {(): 1}
        self.repeated: list[tuple[KeyPath, int]] = []
        self.scalars: dict[KeyPath, Scalar] = {}
        self.problems: list[Problem] = []


def read_yaml(path: Path) -> YamlFile:
    """Read a file of plain YAML, with every key as the text that it is.

    Raises:
        InvalidConfigError: it cannot be read, is not YAML, or has a key twice in one mapping (YAML itself would let the
            last one win, and half of what the user meant would be lost).
    """
    return parse_yaml(_text(path), path)


def parse_yaml(text: str, path: Path) -> YamlFile:
    """Do the same with text that is there already; `path` names it in errors. Raises what `read_yaml` raises."""
    seen = _Seen()
    try:
        data = _data(text, seen)
    except yaml.YAMLError as error:
        raise InvalidConfigError([_syntax_mistake(path, text, error)]) from None
    if seen.repeated:
        raise InvalidConfigError(
            [
                ConfigError(f"{path}:{line}", f"{written_path(key)}: the key appears twice in one mapping")
                for key, line in seen.repeated[:MOST_ALIKE]
            ]
        )
    return YamlFile(path, data, seen)


def _data(text: str, seen: _Seen) -> Any:
    loader = BoundedLoader(text)
    try:
        node = loader.get_single_node()
    except (ValueError, OverflowError):  # from chr()
        problem = "an escape that begins with \\U does not encode a character"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=loader.get_mark()) from None
    if node is None:
        return None
    _walk(node, (), seen)
    return loader.construct_document(node)


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except UnreadableError as error:
        place = f"{path}:{error.line}" if error.line else str(path)
        raise InvalidConfigError([ConfigError(place, str(error))]) from None


def _syntax_mistake(path: Path, text: str, error: yaml.YAMLError) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.reader.ReaderError):
        problem = f"the character {chr(error.character)!a} is not allowed"
        return ConfigError(f"{path}:{text.count(chr(10), 0, error.position) + 1}", f"is not valid YAML: {problem}")
    place = f"{path}:{mark.line + 1}" if mark else str(path)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return ConfigError(place, f"is not valid YAML: {shortened(problem, _LONGEST_PROBLEM, mark='…')}")


def _walk(node: yaml.Node, here: KeyPath, seen: _Seen) -> None:
    seen.count.take(node)
    check_depth(len(here), node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            path: KeyPath = (*here, index)
            seen.lines[path] = item.start_mark.line + 1
            _walk(item, path, seen)
    elif isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            seen.count.take(key)
            refuse_collection(key)
            lone = whole_text(key)
            name = str(key.value)
            path = (*here, name)
            seen.lines[path] = key.start_mark.line + 1
            seen.problems += [(path, problem) for problem in lone]
            seen.problems += keep_as_text(key, path)
            if name in keys:
                seen.repeated.append((path, key.start_mark.line + 1))
            keys.add(name)
            _walk(value, path, seen)
    else:
        _look_at(node, here, seen)


def _look_at(node: yaml.Node, here: KeyPath, seen: _Seen) -> None:
    seen.problems += [(here, problem) for problem in whole_text(node)]
    try:
        scalar = of_node(node)
    except ValueError as error:
        seen.problems.append((here, str(error)))
        node.tag = TEXT
        return
    if scalar is None:
        return
    seen.scalars[here] = scalar
    if scalar.is_never_meant:
        seen.problems.append((here, scalar.hint))
