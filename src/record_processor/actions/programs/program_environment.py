"""The environment of a program of `command`: what any program needs, what the user names, and nothing else.

The worker's own environment holds credentials (AWS's, `RECORD_PROCESSOR_*`, whatever `${NAME}` takes in), and a program
of somebody else's that prints or sends its environment would give them away.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from record_processor.config.variables import KEY, check_variable, check_variables, is_name
from record_processor.errors import InvalidSettingError
from record_processor.system import shard_environment
from record_processor.system.processes import WORKER_MARK

if TYPE_CHECKING:
    from collections.abc import Sequence

_ALWAYS = {"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"}
_ALWAYS_PREFIX = "LC_"
# By these, what a program leaves behind is found and ended; they are random numbers.
_MARKS = {WORKER_MARK, shard_environment.PROCESS}


class ProgramEnvironment(NamedTuple):
    """What `env` says."""

    passed_on: frozenset[str]
    """Variables of the worker's that the program gets too, where they are set."""
    values: dict[str, str]
    """Variables with a value of their own."""

    @classmethod
    def of(cls, env: Mapping[str, str] | Sequence[str]) -> ProgramEnvironment:
        """Read a map, or a list of entries such as `DATABASE_URL` and `MODE=fast`.

        Raises:
            InvalidSettingError: an entry has no name, one of ours, or one that stands there twice; no value is shown.
        """
        if isinstance(env, Mapping):
            check_variables(env)
            return cls(frozenset(), dict(env))
        passed_on: set[str] = set()
        values: dict[str, str] = {}
        for position, entry in enumerate(env):
            name, sets, value = entry.partition("=")
            _check(position, name, value)
            if name in passed_on or name in values:
                raise InvalidSettingError(KEY, f"{name} is listed twice; name it, or give it one value")
            if sets:
                values[name] = value
            else:
                passed_on.add(name)
        return cls(frozenset(passed_on), values)

    def variables(self) -> dict[str, str]:
        """All that the program gets, as of now."""
        wanted = _ALWAYS | _MARKS | self.passed_on
        inherited = {name: value for name, value in os.environ.items() if name in wanted or _is_locale(name)}
        return {**inherited, **self.values}


def _is_locale(name: str) -> bool:
    return name.startswith(_ALWAYS_PREFIX)


def _check(position: int, name: str, value: str) -> None:
    # The entry itself may be a secret that was written without its name.
    if not is_name(name):
        raise InvalidSettingError(KEY, f"entry {position + 1}: expected NAME, or NAME=VALUE, with a variable's name")
    check_variable(name, value)
