"""What the JVM says about itself every second, in a file of the run directory (`JvmReport.java`)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

NAME = "jvm.json"
FRESH_SECONDS = 10.0
"""A JVM that has said nothing for longer hangs, or is being started."""


class Restarted(msgspec.Struct, frozen=True):
    """How often processes of a table's shards ended for one reason and were started again."""

    table: str
    reason: str
    count: int


class Memory(msgspec.Struct, frozen=True):
    area: str
    used: int
    committed: int
    max: int
    """-1: no limit."""


class Collector(msgspec.Struct, frozen=True):
    name: str
    count: int
    seconds: float


class JvmReport(msgspec.Struct, frozen=True, rename="camel"):
    """What it said last."""

    at: float
    """When it said so (seconds since the epoch)."""
    is_running: bool
    """Whether KCL has been initialized, so that leases are taken."""
    is_stopping: bool
    is_leader: bool
    leases_held: int
    leases_late: int
    leases_lost: int
    renewed_seconds_ago: float | None
    """When a renewal last succeeded; None: none has."""
    forks: bool
    """Whether shard processes are forked from a warm one; not if that is off, or has turned out to be impossible."""
    forker_gone_seconds: float | None
    """Since when there is nothing to fork from; None: there is."""
    restarts: list[Restarted]
    memory: list[Memory]
    collectors: list[Collector]
    threads: int

    @property
    def is_fresh(self) -> bool:
        return abs(time.time() - self.at) <= FRESH_SECONDS

    @property
    def leads(self) -> bool:
        """Whether it is the leader: one that hangs neither leads nor renews, whatever it said last."""
        return self.is_fresh and self.is_leader


def read(folder: Path) -> JvmReport | None:
    """Return what it said last; None if it has said nothing."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=JvmReport)
    except (OSError, msgspec.MsgspecError):
        return None
