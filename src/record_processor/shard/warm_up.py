"""What the forker imports and prepares before the first fork: everything that shard processes would do each for itself.

Users' code is not run here unless an action asks for it with `preload`: it may start threads or open connections, which
no process can share with its children. Errors are left to the shard processes, which meet them again and report them.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec

from record_processor.catalog import build, registry, variables
from record_processor.dead_letters import store
from record_processor.system import shard_environment
from record_processor.text import redaction


def warm_up() -> None:
    """Prepare what the actions of this worker need."""
    with contextlib.suppress(OSError, KeyError, msgspec.MsgspecError):
        path, region = Path(os.environ[shard_environment.ACTIONS]), os.environ[shard_environment.REGION]
        content = msgspec.json.decode(path.read_bytes(), type=shard_environment.Content)
        redaction.remember(content.secrets)
        if any(_runs_here(item) for item in content.actions):
            variables.set_all(content.actions)
        for item in content.actions:
            _prepare(item, region)


def _prepare(item: dict[str, Any], region: str) -> None:
    if item.get("type") not in registry.built_in():
        return
    if not _is_users(item) or _runs_here(item):
        action, _ = build.build(item, ())
        if action is not None:
            with contextlib.suppress(Exception):
                action.warm_up(region)
            with contextlib.suppress(Exception):
                store.warm_up(action.settings.dead_letter, region)


def _is_users(item: dict[str, Any]) -> bool:
    """Whether constructing the action imports a user's module."""
    return item.get("type") == "python"


def _runs_here(item: dict[str, Any]) -> bool:
    return _is_users(item) and item.get("preload") is True
