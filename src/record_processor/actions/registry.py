"""From an action's type in YAML to its class. An action is imported only when it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from record_processor.actions.base import Action

_BUILT_IN = {
    "file": "record_processor.actions.file:FileAction",
    "log": "record_processor.actions.log:LogAction",
    "python": "record_processor.actions.python:PythonAction",
}


def names() -> list[str]:
    """The types of all installed actions."""
    return sorted(_BUILT_IN)


def find(type_name: str) -> type[Action[Any]]:
    """The class of an action.

    Raises:
        KeyError: no installed action has this type.
    """
    module, _, name = _BUILT_IN[type_name].partition(":")
    found: type[Action[Any]] = getattr(importlib.import_module(module), name)
    return found
