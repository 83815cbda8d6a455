"""What `record-processor check` does, and `run` does first: report every error, touch nothing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from record_processor.catalog.check_report import NEEDS, CheckReport, Needs
from record_processor.config import exposed
from record_processor.config.credential_providers import check_provider
from record_processor.config.properties import read_properties
from record_processor.errors import ConfigError, InvalidConfigError, SetupError
from record_processor.host import checking_process, stream_arns, tracing_check, write_loops
from record_processor.text import redaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from record_processor.catalog.check_report import WrittenTable
    from record_processor.config.worker_configuration import WorkerConfiguration

_SHARD_COMMAND = (sys.executable, "-m", "record_processor.shard")


class Checked(NamedTuple):
    """A configuration without errors."""

    configuration: WorkerConfiguration
    actions: list[dict[str, Any]]
    shard_command: list[str]
    """What a shard process is started with."""
    forker_command: list[str] | None
    """What the process is started with from which shard processes are forked; None: none are."""
    tables: Sequence[WrittenTable] = ()
    """The DynamoDB tables that the actions write to."""
    exposed: tuple[str, ...] = ()
    """Warnings about files that other users can read or write."""
    warnings: tuple[ConfigError, ...] = ()
    """Settings that are valid but dangerous."""
    needs: Needs = Needs()
    """What the actions need outside this machine; only if it was asked for."""


def check(path: Path, overrides: Iterable[str], *, with_needs: bool = False) -> Checked:
    """Read and check everything that the user wrote.

    Args:
        path: the properties file.
        overrides: `KEY=VALUE` each.
        with_needs: whether to find out what the actions need outside this machine.

    Raises:
        InvalidConfigError: with every error found.
        SetupError: the executable does not exist.
    """
    exposed.forget()
    configuration = read_properties(path, overrides, os.environ)
    stream_arns.check_names(str(path), configuration.stream_names, configuration.aws.region)
    check_provider(configuration.aws.streams_provider)
    tracing_check.refuse(configuration, os.environ)
    command = _shard_command(configuration)
    exposed.look_at(path, holds_secrets=False)
    exposed.look_at(configuration.actions_path, holds_secrets=False)
    answer = _checked_actions(configuration.actions_path, *([NEEDS] if with_needs else []))
    write_loops.refuse(configuration.aws, configuration.stream_names, answer.tables)
    said = tuple(dict.fromkeys([*exposed.found(), *answer.exposed]))
    risky = (ConfigError(place, message) for place, message in answer.warnings)
    warnings = (*risky, *tracing_check.warnings(configuration, answer.actions))
    forker, needs = _forker_command(configuration), answer.needs or Needs()
    return Checked(configuration, answer.actions, command, forker, answer.tables, said, warnings, needs)


def _shard_command(configuration: WorkerConfiguration) -> list[str]:
    executable = configuration.executable_name
    if executable is None:
        return list(_SHARD_COMMAND)
    command = executable.split()
    if shutil.which(command[0]) is None:
        raise SetupError(
            f"{configuration.path}: executableName: {command[0]!r} is not a program, neither on PATH nor from "
            f"{Path.cwd()}. Leave executableName out to run the actions"
        )
    return command


def _forker_command(configuration: WorkerConfiguration) -> list[str] | None:
    if configuration.executable_name is not None or not configuration.has_warm_parent:
        return None
    return [*_SHARD_COMMAND, "--forker"]


def _checked_actions(path: Path, *options: str) -> CheckReport:
    """Ask a separate process: it imports the user's handlers, and this process must stay small and safe."""
    status, content = checking_process.ask(path, *options)
    try:
        answer = msgspec.json.decode(content, type=CheckReport)
    except msgspec.DecodeError:
        raise SetupError(
            f"{path}: the process that checks it ended with status {status} without a result. "
            "Check whether a handler's module exits when it is imported"
        ) from None
    if answer.mistakes:
        raise InvalidConfigError([ConfigError(place, message) for place, message in answer.mistakes])
    redaction.remember(answer.secrets)
    return answer
