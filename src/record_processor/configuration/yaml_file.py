"""A YAML file with the place of each value kept, so that a mistake can be answered with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from record_processor.configuration.mistakes import written_path
from record_processor.errors import ConfigurationError, Mistake

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.configuration.mistakes import KeyPath


class YamlFile:
    """The data of a YAML file, and the line on which each key of it stands."""

    def __init__(self, path: Path, data: Any, lines: dict[KeyPath, int]) -> None:
        self.path = path
        self.data = data
        self._lines = lines

    def line(self, key_path: KeyPath) -> int:
        """The line of a key, or of the nearest key around it that stands in the file."""
        known = key_path
        while known not in self._lines and known:
            known = known[:-1]
        return self._lines.get(known, 1)

    def mistake(self, key_path: KeyPath, message: str) -> Mistake:
        name = written_path(key_path)
        return Mistake(f"{self.path}:{self.line(key_path)}", f"{name}: {message}" if name else message)


def read_yaml(path: Path) -> YamlFile:
    """Read a file of plain YAML.

    Raises:
        ConfigurationError: it cannot be read, is no YAML, or has a key twice in one mapping (YAML itself would let the
            last one win, and half of what the user meant would be gone).
    """
    text = _text(path)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError([_syntax_mistake(path, error)]) from None
    lines: dict[KeyPath, int] = {(): 1}
    repeated: list[tuple[KeyPath, int]] = []
    if node is not None:
        try:
            _walk(node, (), lines, repeated)
        except RecursionError:
            raise ConfigurationError([Mistake(str(path), "an anchor (&) refers to itself")]) from None
    if repeated:
        raise ConfigurationError(
            [
                Mistake(f"{path}:{line}", f"{written_path(key)}: the key stands twice in one mapping")
                for key, line in repeated
            ]
        )
    return YamlFile(path, data, lines)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError([Mistake(str(path), f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError([Mistake(str(path), f"is not UTF-8 text (byte {error.start})")]) from None


def _syntax_mistake(path: Path, error: yaml.YAMLError) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    place = f"{path}:{mark.line + 1}" if mark else str(path)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Mistake(place, f"is not valid YAML: {problem}")


def _walk(node: yaml.Node, here: KeyPath, lines: dict[KeyPath, int], repeated: list[tuple[KeyPath, int]]) -> None:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            path: KeyPath = (*here, index)
            lines[path] = item.start_mark.line + 1
            _walk(item, path, lines, repeated)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            path = (*here, str(key.value))
            lines[path] = key.start_mark.line + 1
            if key.value in seen:
                repeated.append((path, key.start_mark.line + 1))
            seen.add(key.value)
            _walk(value, path, lines, repeated)
