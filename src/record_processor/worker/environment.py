"""What a child is told by the environment; `daemon/child.py` and the Java side write it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

ACTIONS = "RP_ACTIONS"
GRACE_MILLIS = "RP_GRACE_MILLIS"
CHECKPOINT_INTERVAL_MILLIS = "RP_CHECKPOINT_INTERVAL_MILLIS"
LEASE_FILE = "RP_LEASE_FILE"
LOG_LEVEL = "RP_LOG_LEVEL"
REGION = "RP_REGION"
STREAM_ARN = "RP_STREAM_ARN"


class Content(msgspec.Struct, frozen=True):
    """What the file of the checked actions holds."""

    actions: list[dict[str, Any]]
    secrets: list[str]
    """Values in them that nobody may see."""


class ChildEnvironment(msgspec.Struct, frozen=True):
    actions_path: Path
    """A `Content`, as JSON."""
    checkpoint_interval_seconds: float
    grace_seconds: float
    """How long a stop may take."""
    lease_path: Path
    log_level: str
    region: str
    stream_arn: str


def read() -> ChildEnvironment:
    """The environment of this process.

    Raises:
        KeyError: it was not started by a worker.
    """
    return ChildEnvironment(
        actions_path=Path(os.environ[ACTIONS]),
        checkpoint_interval_seconds=int(os.environ[CHECKPOINT_INTERVAL_MILLIS]) / 1000,
        grace_seconds=int(os.environ[GRACE_MILLIS]) / 1000,
        lease_path=Path(os.environ[LEASE_FILE]),
        log_level=os.environ[LOG_LEVEL],
        region=os.environ[REGION],
        stream_arn=os.environ[STREAM_ARN],
    )
