"""`env` of actions whose code runs in this process: set for all of them before any of that code is imported.

A module may be imported by the first of several actions, and must find the variables of the others too.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from record_processor.catalog import registry
from record_processor.config.variables import KEY, check_variables
from record_processor.errors import InvalidSettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from record_processor.config.wording import Problem
    from record_processor.plugin.action import Action


def set_all(items: Iterable[Any]) -> None:
    """Set them; an item with an error sets none, since it is rejected anyway."""
    for item in items:
        os.environ.update(_of(item))


def _of(item: Any) -> dict[str, str]:
    variables = item.get(KEY) if isinstance(item, dict) else None
    if not isinstance(variables, dict) or not all(isinstance(one, str) for pair in variables.items() for one in pair):
        return {}
    try:
        check_variables(variables)
        return variables if registry.find(item["type"]).sets_environment else {}
    except (InvalidSettingError, KeyError, TypeError, registry.BrokenActionError):
        return {}


def clashes(actions: Mapping[int, Action[Any]]) -> Iterator[Problem]:
    """Yield every variable to which two actions, given by their positions in the file, give different values."""
    first: dict[str, int] = {}
    for index, action in actions.items():
        for name, value in _set_by(action).items():
            other = first.setdefault(name, index)
            if _set_by(actions[other])[name] != value:
                message = (
                    f"actions[{other}] ({actions[other].settings.name}) gives {name} another value; actions share the "
                    "shard process, so give it one value, or run two workers"
                )
                yield ("actions", index, KEY, name), message


def _set_by(action: Action[Any]) -> Mapping[str, str]:
    return getattr(action.settings, KEY) if action.sets_environment else {}
