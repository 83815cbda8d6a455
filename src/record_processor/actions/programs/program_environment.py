"""The environment of a program of `command`: what any program needs, what the user names, and nothing else.

The worker's own environment contains credentials (AWS's, `RECORD_PROCESSOR_*`, whatever `${NAME}` refers to), and
somebody else's program that prints or sends its environment would give them away.
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
# These markers find what a program leaves behind, so that it can be ended; they are random numbers.
_MARKS = {WORKER_MARK, shard_environment.PROCESS}


class ProgramEnvironment(NamedTuple):
    """What `env` says."""

    passed_on: frozenset[str]
    """Variables of the worker that the program gets too if they are set."""
    values: dict[str, str]
    """Variables with their own value."""

    @classmethod
    def of(cls, env: Mapping[str, str] | Sequence[str]) -> ProgramEnvironment:
        """Read a map, or a list of entries such as `DATABASE_URL` and `MODE=fast`.

        Raises:
            InvalidSettingError: an entry has no name, one of ours, or one that appears twice; no value is shown.
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
        """Return everything that the program gets, as of now."""
        wanted = _ALWAYS | _MARKS | self.passed_on
        inherited = {name: value for name, value in os.environ.items() if name in wanted or _is_locale(name)}
        return {**inherited, **self.values}


def _is_locale(name: str) -> bool:
    return name.startswith(_ALWAYS_PREFIX)


def _check(position: int, name: str, value: str) -> None:
    # The entry itself may be a secret that was written without a name.
    if not is_name(name):
        raise InvalidSettingError(KEY, f"entry {position + 1}: expected NAME, or NAME=VALUE, with a variable's name")
    check_variable(name, value)
