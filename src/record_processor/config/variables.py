"""Environment variables that a user sets with `env`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from record_processor.errors import InvalidSettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "env"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = "RP_"


def check_variables(variables: Mapping[str, str]) -> None:
    """Reject names and values that no environment can hold, and names of ours. No value is shown.

    Raises:
        InvalidSettingError: under the key `env`.
    """
    for position, (name, value) in enumerate(variables.items()):
        # The name itself may be a secret that was written without a name.
        if not _NAME.fullmatch(name):
            message = f"entry {position + 1}: expected the name of a variable: letters, digits and underscores"
            raise InvalidSettingError(KEY, message)
        check_variable(name, value)


def check_variable(name: str, value: str) -> None:
    """Do the same for a variable whose name is well-formed."""
    if name.startswith(_OURS):
        raise InvalidSettingError(KEY, f"{name}: names that begin with {_OURS} are the worker's own; take another")
    if "\0" in value:
        raise InvalidSettingError(KEY, f"{name}: has a NUL in its value, which no variable can hold")


def is_name(text: str) -> bool:
    """Return whether a text can be a variable's name."""
    return _NAME.fullmatch(text) is not None
