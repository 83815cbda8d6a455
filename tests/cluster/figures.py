"""How well a run went, in numbers: what two runs are compared by."""

from __future__ import annotations

import statistics
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.cluster import checker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.cluster.acts import Act
    from tests.cluster.checker import Fault

_SECOND_NS = 1_000_000_000
# Kinds in which a host is gone from the moment when the fault begins.
_GONE = ("SIGTERM", "kill -9", "cable cut")


class Figures(NamedTuple):
    written_per_second: float
    done_per_second: float
    repeats: int
    """Acts that had been begun before."""
    median_wait_seconds: float
    """From a write to its first act."""
    slow_wait_seconds: float
    """Of 99 % of the writes."""
    longest_wait_seconds: float
    longest_pause_seconds: float
    """Of a shard, between two acts."""
    median_pause_seconds: float
    """Of the shards, each with its longest."""
    median_takeover_seconds: float
    """From the moment when a host goes to the first act of another process on each of its shards."""
    longest_takeover_seconds: float
    processors_busy_percent: float
    """Of the whole machine, which is that of the observers too: near 100, they delay whatever else waits for a core."""


def processor_seconds() -> tuple[float, float]:
    """Return for how long the processors of this machine have been busy, and for how long they have been there."""
    times = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    idle = times[3] + times[4]
    return sum(times) - idle, sum(times)


def figures(
    acts: Sequence[Act], written_ns: Mapping[str, Sequence[int]], faults: Sequence[Fault], rate: float, busy: float
) -> Figures:
    """`acts` in the order of their beginning; `busy` is the share of the processors' time."""
    waits = sorted(checker.waits(acts, written_ns))
    pauses = sorted(checker.longest_standstills(acts).values())
    taken = sorted(takeovers(acts, faults))
    spent = (acts[-1].begun_ns - acts[0].begun_ns) / _SECOND_NS
    return Figures(
        written_per_second=rate,
        done_per_second=len(waits) / spent,
        repeats=len(acts) - len(waits),
        median_wait_seconds=statistics.median(waits),
        slow_wait_seconds=waits[int(len(waits) * 0.99)],
        longest_wait_seconds=waits[-1],
        longest_pause_seconds=pauses[-1],
        median_pause_seconds=statistics.median(pauses),
        median_takeover_seconds=statistics.median(taken) if taken else 0.0,
        longest_takeover_seconds=taken[-1] if taken else 0.0,
        processors_busy_percent=100 * busy,
    )


def takeovers(acts: Sequence[Act], faults: Sequence[Fault]) -> list[float]:
    """Return how long each shard of a host that went away was without a process, in seconds."""
    by_shard: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        by_shard[act.shard].append(act)
    found = []
    for fault, until_ns in zip(faults, [*(one.begun_ns for one in faults[1:]), acts[-1].begun_ns], strict=True):
        if fault.kind in _GONE:
            found += [one for acts in by_shard.values() if (one := _takeover(acts, fault, until_ns)) is not None]
    return found


def _takeover(acts: Sequence[Act], fault: Fault, until_ns: int) -> float | None:
    """Return it for one shard; None if the host did not have it, or nobody else had until the next fault."""
    before = [act for act in acts if act.begun_ns <= fault.begun_ns]
    if not before or before[-1].host != fault.what:
        return None
    last = before[-1]
    others = (
        act.begun_ns
        for act in acts
        if fault.begun_ns < act.begun_ns < until_ns and (act.host, act.pid) != (last.host, last.pid)
    )
    first = min(others, default=None)
    return None if first is None else (first - fault.begun_ns) / _SECOND_NS


def table(runs: Mapping[str, Figures]) -> str:
    """Return a line per figure, and a column per run."""
    lines = [f"{'':26}" + "".join(f"{name:>18}" for name in runs)]
    for field in Figures._fields:
        values = [getattr(one, field) for one in runs.values()]
        cells = "".join(f"{value:18,}" if isinstance(value, int) else f"{value:18,.2f}" for value in values)
        lines.append(f"{field.replace('_', ' '):26}{cells}")
    return "\n".join(lines)
