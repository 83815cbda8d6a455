"""`actions.yaml`: from the file to checked content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.actions import registry
from record_processor.configuration.build import EXAMPLE, build
from record_processor.configuration.mistakes import shown, unknown
from record_processor.configuration.values import filled_in_everywhere
from record_processor.configuration.yaml_file import YamlFile, read_yaml
from record_processor.errors import ConfigurationError
from record_processor.redaction import redacted

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.configuration.typed import Problem


def read_actions(path: Path) -> list[dict[str, Any]]:
    """The checked content of the file, plain enough to be handed to a child process as JSON.

    A child gets what was checked when the worker started, not what the file says hours later, perhaps half edited.

    Raises:
        ConfigurationError: with every mistake in the file.
    """
    file = read_yaml(path)
    problems: list[Problem] = []
    file.data = filled_in_everywhere(file.data, (), problems)
    items, found = _items(file)
    problems += found
    problems += _clashes()
    for index, item in enumerate(items):
        problems += build(item, ("actions", index))[1]
    problems += _repeated_names(items)
    if problems:
        problems.sort(key=lambda problem: file.line(problem[0]))
        raise ConfigurationError([file.mistake(place, redacted(message)) for place, message in problems])
    return items


def _items(file: YamlFile) -> tuple[list[dict[str, Any]], list[Problem]]:
    if not isinstance(file.data, dict):
        return [], [((), f"expected a mapping with the key 'actions', found {shown(file.data)}; such as {EXAMPLE}")]
    strangers = [str(key) for key in file.data if key != "actions"]
    problems: list[Problem] = [((key,), unknown("key", key, ["actions"])) for key in strangers]
    items = file.data.get("actions")
    if not isinstance(items, list) or not items:
        message = f"expected a list with at least one action, found {shown(items)}; such as {EXAMPLE}"
        problems.append((("actions",), message))
        return [], problems
    return items, problems


def _clashes() -> list[Problem]:
    """Whichever of two were taken, users of the other would be surprised; so it is said before it matters."""
    return [
        (("actions",), f"the type {name!r} is brought by {' and '.join(packages)}: uninstall one of them")
        for name, packages in registry.clashes()
    ]


def _repeated_names(items: list[Any]) -> list[Problem]:
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(name, str) and first.setdefault(name, index) != index:
            where = f"actions[{first[name]}]"
            problems.append((("actions", index, "name"), f"the name {name!r} is taken by {where}; names are unique"))
    return problems
