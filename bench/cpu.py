"""What processes have cost so far."""

from __future__ import annotations

from pathlib import Path

_TICKS_PER_SECOND = 100


def seconds(pids: list[int]) -> float:
    """Return the CPU time of these processes, all threads, in seconds."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS_PER_SECOND


def proportional_megabytes(pid: int) -> float:
    """Return a process's memory, with its share of what it has in common with others (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no Pss of {pid}")
