"""What a shard process is told through the environment; `host/run_directory.py` and the Java side write it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

ACTIONS = "RP_ACTIONS"
ACTIONS_NUMBER = "RP_ACTIONS_NUMBER"
"""In forked processes: how often the actions had been replaced when the forker read them."""
DEBUG = "RP_DEBUG"
"""Where the worker's terminal listens for debuggers; not set if nobody debugs."""
GRACE_MILLIS = "RP_GRACE_MILLIS"
CHECKPOINT_INTERVAL_MILLIS = "RP_CHECKPOINT_INTERVAL_MILLIS"
LEASE_FILE = "RP_LEASE_FILE"
LAST_END = "RP_LAST_END"
LOG_LEVEL = "RP_LOG_LEVEL"
ORDERS_FILE = "RP_ORDERS_FILE"
PROCESS = "RP_PROCESS"
"""Only its presence matters here: the Java side uses its value to find what handlers left running."""
REGION = "RP_REGION"
RELOAD = "RP_RELOAD"
"""Set if the process is to end when a source file is saved."""
RESTARTS = "RP_RESTARTS"
STREAM_ARN = "RP_STREAM_ARN"
TRACING = "RP_TRACING"
"""The application's name, if calls are traced; not set if they are not."""
TRIALS_FILE = "RP_TRIALS_FILE"


class Content(msgspec.Struct, frozen=True):
    """The content of the file of checked actions."""

    actions: list[dict[str, Any]]
    secrets: list[str]
    """Values in them that must stay hidden."""


class ShardEnvironment(msgspec.Struct, frozen=True):
    actions_number: int | None
    """How often the actions had been replaced when this process got them; None: it has not read them yet."""
    actions_path: Path
    """A `Content`, as JSON."""
    checkpoint_interval_seconds: float
    debug_path: Path | None
    """Where the worker's terminal listens for debuggers."""
    grace_seconds: float
    """How long a stop may take."""
    last_end: str
    """How the previous process ended: none, lease_lost, stopped, killed, call_timeout, defect, actions, reload."""
    lease_path: Path
    log_level: str
    orders_path: Path | None
    """What an operator has ordered (`delivery/orders_file.py`); None: nothing ever."""
    region: str
    reload: bool
    """Whether a saved source file ends this process."""
    restarts: int
    """How many times in a row this shard's process was restarted without lasting progress."""
    stream_arn: str
    traced_application: str | None
    """The application's name for traces; None: nothing is traced."""
    trials_path: Path | None
    """A file that outlives this process on this worker; None: there is none, and nothing outlives it."""


def grace_seconds() -> float | None:
    """How long a stop may take; None if this is not a shard process."""
    millis = os.environ.get(GRACE_MILLIS)
    return None if millis is None else int(millis) / 1000


def read() -> ShardEnvironment:
    """Return the environment of this process.

    Raises:
        KeyError: it was not started by a worker.
    """
    return ShardEnvironment(
        actions_number=int(os.environ[ACTIONS_NUMBER]) if ACTIONS_NUMBER in os.environ else None,
        actions_path=Path(os.environ[ACTIONS]),
        checkpoint_interval_seconds=int(os.environ[CHECKPOINT_INTERVAL_MILLIS]) / 1000,
        debug_path=Path(os.environ[DEBUG]) if DEBUG in os.environ else None,
        grace_seconds=int(os.environ[GRACE_MILLIS]) / 1000,
        last_end=os.environ.get(LAST_END, "none"),
        lease_path=Path(os.environ[LEASE_FILE]),
        log_level=os.environ[LOG_LEVEL],
        orders_path=Path(os.environ[ORDERS_FILE]) if ORDERS_FILE in os.environ else None,
        region=os.environ[REGION],
        reload=RELOAD in os.environ,
        restarts=int(os.environ.get(RESTARTS, "0")),
        stream_arn=os.environ[STREAM_ARN],
        traced_application=os.environ.get(TRACING),
        trials_path=Path(os.environ[TRIALS_FILE]) if TRIALS_FILE in os.environ else None,
    )
