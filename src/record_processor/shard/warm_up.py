"""What the forker imports and prepares before the first fork: everything that shard processes would do each for itself.

Users' code is not run here unless an action asks for it with `preload`: it may start threads or open connections, which
no process can share with its children. Errors are left to the shard processes, which meet them again and report them.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.catalog import build, registry, variables
from record_processor.catalog.build import Ready
from record_processor.dead_letters import store
from record_processor.system import shard_environment
from record_processor.text import redaction

if TYPE_CHECKING:
    from record_processor.plugin.action import Action


def warm_up() -> list[Ready]:
    """Prepare what the actions of this worker need; return those that shard processes can use as they are."""
    if shard_environment.TRACING in os.environ:
        with contextlib.suppress(ImportError):
            from record_processor.shard import tracing  # noqa: F401 - it brings OpenTelemetry
    with contextlib.suppress(OSError, KeyError, msgspec.MsgspecError):
        path, region = Path(os.environ[shard_environment.ACTIONS]), os.environ[shard_environment.REGION]
        content = msgspec.json.decode(path.read_bytes(), type=shard_environment.Content)
        redaction.remember(content.secrets)
        if any(_runs_here(item) for item in content.actions):
            variables.set_all(content.actions)
        prepared = [Ready(item, action) for item in content.actions if (action := _prepared(item, region)) is not None]
        return [one for one in prepared if not _is_users(one.item)]
    return []


def _prepared(item: dict[str, Any], region: str) -> Action[Any] | None:
    if item.get("type") not in registry.built_in() or (_is_users(item) and not _runs_here(item)):
        return None
    action, _ = build.build(item, ())
    if action is not None:
        with contextlib.suppress(Exception):
            action.warm_up(region)
        with contextlib.suppress(Exception):
            store.warm_up(action.settings.dead_letter, region)
    return action


def _is_users(item: dict[str, Any]) -> bool:
    """Whether constructing the action imports a user's module."""
    return item.get("type") == "python"


def _runs_here(item: dict[str, Any]) -> bool:
    return _is_users(item) and item.get("preload") is True
