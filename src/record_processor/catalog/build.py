"""From checked content to actions. Shard processes import this: it must not import what reads YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.catalog import registry, variables
from record_processor.config import convert
from record_processor.config.wording import shown, unknown, written_path
from record_processor.errors import ConfigError, InvalidConfigError, InvalidSettingError
from record_processor.filters.event_pattern import InvalidFilter
from record_processor.filters.record_filter import RecordFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.config.wording import KeyPath, Problem
    from record_processor.plugin.action import Action
    from record_processor.plugin.settings import ActionSettings

EXAMPLE = "actions: [{name: show, type: log}]"


class Ready(NamedTuple):
    """An action that was built before, and that nobody has used."""

    item: dict[str, Any]
    action: Action[Any]


def build_actions(items: list[dict[str, Any]], ready: Sequence[Ready] = ()) -> list[Action[Any]]:
    """Return the actions that checked content describes; those that are ready are taken as they are.

    Raises:
        InvalidConfigError: what was valid when it was checked no longer is (a handler's module changed, say).
    """
    variables.set_all(items)
    actions: list[Action[Any]] = []
    for index, item in enumerate(items):
        if (built := next((one.action for one in ready if one.item == item), None)) is not None:
            actions.append(built)
            continue
        action, problems = build(item, ("actions", index))
        if action is None:
            raise InvalidConfigError([ConfigError(written_path(place), message) for place, message in problems])
        actions.append(action)
    return actions


def build(item: Any, at: KeyPath) -> tuple[Action[Any] | None, list[Problem]]:
    """Return the action of one item of the list, or why there is none."""
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(item, dict):
        return None, [(at, f"expected a mapping, found {shown(item)}; such as {EXAMPLE}")]
    if not isinstance(kind, str):
        return None, [((*at, "type"), f"expected one of {', '.join(registry.names())}, found {shown(kind)}")]
    try:
        action_class = registry.find(kind)
    except KeyError:
        return None, [((*at, "type"), unknown("type", kind, registry.names()))]
    except registry.BrokenActionError as error:
        return None, [((*at, "type"), str(error))]
    settings, problems = convert.convert(item, action_class.settings_type, at)
    problems += _in_filter(item.get("filter"), (*at, "filter"))
    if settings is None or problems:
        return None, problems
    return _constructed(action_class, settings, at)


def _in_filter(pattern: Any, at: KeyPath) -> list[Problem]:
    try:
        if isinstance(pattern, (dict, list)):
            RecordFilter(pattern)
    except InvalidFilter as error:
        return [((*at, *place), message) for place, message in error.problems]
    return []


def _constructed(
    action_class: type[Action[Any]], settings: ActionSettings, at: KeyPath
) -> tuple[Action[Any] | None, list[Problem]]:
    try:
        return action_class(settings), []
    except InvalidSettingError as error:
        return None, [((*at, error.key), str(error))]
