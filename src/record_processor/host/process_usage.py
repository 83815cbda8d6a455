"""How much CPU and memory a worker's processes use: this one, its JVM, and everything in the JVM's session."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

from record_processor.system import processes

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Shard processes share pages, so what they have in memory is not the sum of what each has: the kernel divides it.
_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
_KILOBYTE = 1024


class Usage(NamedTuple):
    cpu_cores: float | None
    """How many cores were busy since the last look; None at the first, or without /proc."""
    memory_bytes: int | None


class ProcessUsage:
    """Looks at the processes whenever it is asked. A look takes a millisecond per process."""

    def __init__(self) -> None:
        self._ticks: dict[int, int] = {}
        self._looked_at = 0.0

    def look(self, jvm: int) -> Usage:
        pids = [os.getpid(), *processes.in_session(jvm)]
        now, before = time.monotonic(), self._looked_at
        ticks = {pid: used for pid in pids if (used := _ticks(pid)) is not None}
        # One that was not there at the last look has used all of its ticks since.
        spent = sum(used - self._ticks.get(pid, 0) for pid, used in ticks.items())
        self._ticks, self._looked_at = ticks, now
        memory = sum(map(_memory_bytes, pids))
        return Usage(spent / _TICKS_PER_SECOND / (now - before) if before and ticks else None, memory or None)


def _ticks(pid: int) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        # The command's name comes before these, in parentheses, and may contain anything.
        fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
        return int(fields[11]) + int(fields[12])
    return None


def _memory_bytes(pid: int) -> int:
    with contextlib.suppress(OSError):
        found = _PSS.search((_PROC / str(pid) / "smaps_rollup").read_bytes())
        return int(found.group(1)) * _KILOBYTE if found else 0
    return 0
