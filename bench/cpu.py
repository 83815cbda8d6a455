"""What processes have cost so far."""

from __future__ import annotations

import time
from pathlib import Path

# The kernel's clock of the CPU time that all threads of a process have used, in nanoseconds: /proc counts in ticks of
# 10 ms, of which an idle process has none for minutes. As in clock_getcpuclockid(3).
_CPU_CLOCK = 2


def seconds(pids: list[int]) -> float:
    """Return the CPU time of these processes, all threads, in seconds."""
    return sum(time.clock_gettime((~pid << 3) | _CPU_CLOCK) for pid in pids)


def proportional_megabytes(pid: int) -> float:
    """Return a process's memory, with its share of what it has in common with others (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no Pss of {pid}")
