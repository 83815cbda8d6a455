"""Ending processes together with everything that they started.

A process inherits the environment of the one that started it, whatever else it changes: its parent, group and session.
So a marker in the environment finds descendants that no group and no parent leads to.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WORKER_MARK = "RP_WORKER"
"""Set in the environment of every process of a worker: a program of `command`, for example, has its own session."""

_PROC = Path("/proc")
# A process that forks during the scan is found in the next round.
_ROUNDS = 3


def in_session(leader: int) -> list[int]:
    """Return the processes of a session, without this one; nothing without /proc."""
    return _found(lambda folder: _session(folder) == leader)


def end_group(leader: int) -> None:
    """End all of a process group at once, whether or not its leader still lives."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def end_session(leader: int) -> None:
    """End all of a session at once, whatever groups it has, and whether or not its leader still lives."""
    _end_all(lambda folder: _session(folder) == leader)


def end_marked(name: str, *values: str) -> None:
    """End every process of this user at once whose environment has `NAME=VALUE` of one of these, except this one."""
    marks = {f"{name}={value}".encode() for value in values}
    # A zombie has an empty environment.
    _end_all(lambda folder: not marks.isdisjoint((folder / "environ").read_bytes().split(b"\0")))


def _session(folder: Path) -> int | None:
    """None for a zombie."""
    # The command's name comes before these, in parentheses, and may contain anything.
    state, _parent, _group, session, *_more = (folder / "stat").read_bytes().rpartition(b")")[2].split()
    return None if state == b"Z" else int(session)


def _end_all(belongs: Callable[[Path], bool]) -> None:
    for _ in range(_ROUNDS):
        found = _found(belongs)
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _found(belongs: Callable[[Path], bool]) -> list[int]:
    """Yield nothing without /proc; what is not readable belongs to another user."""
    found = []
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if belongs(folder):
                found.append(int(folder.name))
    return [pid for pid in found if pid != os.getpid()]
