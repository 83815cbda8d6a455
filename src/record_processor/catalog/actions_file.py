"""`actions.yaml`: from the file to checked content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from record_processor.catalog import contradictions, registry, variables, written_tables
from record_processor.catalog.build import EXAMPLE, build
from record_processor.config import convert
from record_processor.config.references import filled_in_everywhere
from record_processor.config.wording import MOST_ALIKE, shown, unknown
from record_processor.config.yaml_file import YamlFile, read_yaml
from record_processor.errors import InvalidConfigError
from record_processor.records.template import Template
from record_processor.text.redaction import redacted

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.catalog.check_report import WrittenTable
    from record_processor.config.wording import KeyPath, Problem
    from record_processor.config.yaml_scalars import Scalar
    from record_processor.plugin.action import Action


_MOST_ACTIONS = 500


class CheckedFile(NamedTuple):
    """A file that contains no errors."""

    actions: list[dict[str, Any]]
    """Plain data that can be passed to a shard process as JSON."""
    tables: list[WrittenTable]
    """The DynamoDB tables that the actions write to."""
    warnings: list[tuple[str, str]]
    """Place and message of each setting that is valid but dangerous."""
    built: dict[int, Action[Any]]
    """By position: the actions."""
    file: YamlFile


def read_actions(path: Path) -> list[dict[str, Any]]:
    """Return the actions of `read_file`. Raises what it raises."""
    return read_file(path).actions


def read_file(path: Path) -> CheckedFile:
    """Return the checked content of the file.

    A shard process gets what was checked when the worker started, not what the file says hours later, perhaps half
    edited.

    Raises:
        InvalidConfigError: with every error in the file.
    """
    file = read_yaml(path)
    problems: list[Problem] = list(file.problems)
    misread = {place for place, _ in problems}
    file.data = filled_in_everywhere(file.data, (), problems)
    items, found = _items(file)
    problems += found
    problems += _clashes()
    variables.set_all(items)
    built: dict[int, Action[Any]] = {}
    for index, item in enumerate(items):
        action, found = _of_action(file, item, index)
        problems += [problem for problem in found if problem[0] not in misread]
        if action is not None:
            built[index] = action
    problems += contradictions.between(built)
    problems += variables.clashes(built)
    problems += _repeated_names(items)
    if problems:
        problems = list(dict.fromkeys(problems))
        problems.sort(key=lambda problem: file.line(problem[0]))
        raise InvalidConfigError([file.mistake(place, redacted(message)) for place, message in problems])
    return CheckedFile(items, written_tables.of_actions(built, file), _warnings(file, built), built, file)


def _warnings(file: YamlFile, built: dict[int, Action[Any]]) -> list[tuple[str, str]]:
    return [
        file.mistake(("actions", index), redacted(action.warning)) for index, action in built.items() if action.warning
    ]


def _items(file: YamlFile) -> tuple[list[dict[str, Any]], list[Problem]]:
    if not isinstance(file.data, dict):
        return [], [((), f"expected a mapping with the key 'actions', found {shown(file.data)}; such as {EXAMPLE}")]
    strangers = [str(key) for key in file.data if key != "actions"][:MOST_ALIKE]
    problems: list[Problem] = [((key,), unknown("key", key, ["actions"])) for key in strangers]
    items = file.data.get("actions")
    if not isinstance(items, list) or not items:
        message = f"expected a list with at least one action, found {shown(items)}; such as {EXAMPLE}"
        problems.append((("actions",), message))
        return [], problems
    if len(items) > _MOST_ACTIONS:
        message = f"expected at most {_MOST_ACTIONS} actions, found {len(items):,}; split them over several workers"
        return [], [*problems, (("actions",), message)]
    return items, problems


def _of_action(file: YamlFile, item: Any, index: int) -> tuple[Action[Any] | None, list[Problem]]:
    at: KeyPath = ("actions", index)
    action, problems = build(item, at)
    misread = {place: file.scalars[place] for place, _ in problems if place in file.scalars}
    if misread:
        # Checking the same content with quotes shows whether the missing quotes are the error.
        quoted = _with_texts(item, at, misread)
        still = {place for place, _ in build(quoted, at)[1]}
        problems = [
            (place, f"{message}; {misread[place].hint}" if place in misread and place not in still else message)
            for place, message in problems
        ]
    return action, problems + _in_templates(file, item, at)


def _with_texts(data: Any, at: KeyPath, scalars: dict[KeyPath, Scalar]) -> Any:
    """Return the data with scalars as the texts in the file."""
    if isinstance(data, dict):
        return {key: _with_texts(value, (*at, key), scalars) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_texts(value, (*at, index), scalars) for index, value in enumerate(data)]
    return scalars[at].source if at in scalars else data


def _in_templates(file: YamlFile, item: Any, at: KeyPath) -> list[Problem]:
    """Yield values in templates, where any type is valid: a word that YAML has converted would be sent converted."""
    places = [(*at, name) for name in _free_keys(item)]
    return [
        (place, f"{scalar.hint}; for the value write {shown(scalar.value)}")
        for place, scalar in file.scalars.items()
        if place[: len(at) + 1] in places and not scalar.looks_like_its_value and not scalar.is_never_meant
    ]


def _free_keys(item: Any) -> list[str]:
    """Return the keys of an action that accept any value."""
    try:
        settings = registry.find(item["type"]).settings_type
    except (KeyError, TypeError, registry.BrokenActionError):
        return []
    return [field.encode_name for field in msgspec.structs.fields(settings) if Template in convert.types_in(field.type)]


def _clashes() -> list[Problem]:
    """Report types that two packages bring: whichever was used, users of the other would be surprised."""
    return [
        (("actions",), f"the type {name!r} is provided by {' and '.join(packages)}: uninstall one of them")
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
