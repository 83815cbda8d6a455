"""Ending processes together with everything that they started.

A process inherits the environment of the one that started it, whatever else it changes: its parent, group and session.
So a mark in the environment finds descendants that no group and no parent leads to any more.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_PROC = Path("/proc")
# A process that forks while we look is found in the next round.
_ROUNDS = 3


def end_group(leader: int) -> None:
    """End at once all of a process group, whether or not its leader still lives."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def end_marked(name: str, value: str) -> None:
    """End at once every process of ours whose environment has `NAME=VALUE`, except this one."""
    mark = f"{name}={value}".encode()
    for _ in range(_ROUNDS):
        found = _marked(mark)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _marked(mark: bytes) -> list[int]:
    """Processes with the mark; none where there is no /proc, and those of other users are not readable."""
    found = []
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # A process that has ended and waits for its parent has an empty environment.
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return [pid for pid in found if pid != os.getpid()]
