"""The verdict over a run: what was written, what the hosts did with it, and who had which lease when."""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.cluster.acts import Act

_SECOND_NS = 1_000_000_000


class Seen(NamedTuple):
    """A lease as it stood in the table between two moments of the clock of `moment_ns`."""

    asked_ns: int
    answered_ns: int
    owner: str
    counter: int


class Fault(NamedTuple):
    kind: str
    begun_ns: int
    what: str = ""


class Toll(NamedTuple):
    """What one kind of fault cost."""

    times: int
    duplicates: int
    longest_wait_seconds: float
    """From a write to its first act, of all writes until the next fault."""


def lost(written: Mapping[str, int], done: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Changes that were written and never done."""
    missing = {(item, counter) for item, count in written.items() for counter in range(1, count + 1)}
    return sorted(missing.difference(done))


def turned(acts: Sequence[Act]) -> list[str]:
    """Acts out of their item's order; `acts` in the order of their beginning.

    Within one child each item's counters follow one another. A new child may go back, as far as a checkpoint does, and
    may never begin behind what nobody has done yet.
    """
    wrong = []
    last_of_child: dict[tuple[int, str, str], int] = {}
    highest: dict[str, int] = defaultdict(int)
    for act in acts:
        child = (act.pid, act.shard, act.item)
        last = last_of_child.get(child)
        if last is not None and act.counter != last + 1:
            wrong.append(f"{act}: the same child had {last} before it")
        if last is None and act.counter > highest[act.item] + 1:
            wrong.append(f"{act}: nobody had begun more than {highest[act.item]} before it")
        last_of_child[child] = act.counter
        highest[act.item] = max(highest[act.item], act.counter)
    return wrong


def turned_in_file(changes: Sequence[tuple[str, int]], children: int) -> list[str]:
    """Check what one host's action wrote for one shard, with this many processes of that shard on that host.

    Other hosts may have processed some between its processes, so a counter may jump there; it goes back only where a
    process begins.
    """
    last: dict[str, int] = {}
    back: dict[str, int] = defaultdict(int)
    for item, counter in changes:
        if item in last and counter != last[item] + 1:
            back[item] += 1
        last[item] = counter
    return [
        f"{item} breaks off {times} times, with {children} children"
        for item, times in back.items()
        if times >= children
    ]


def overlapping(acts: Iterable[Act]) -> list[str]:
    """Children of one shard that acted at the same time: one of them had no lease."""
    spans: dict[tuple[str, str, int], tuple[int, int]] = {}
    for act in acts:
        first, last = spans.get((act.shard, act.host, act.pid), (act.begun_ns, act.begun_ns))
        spans[act.shard, act.host, act.pid] = (min(first, act.begun_ns), max(last, act.begun_ns))
    by_shard: dict[str, list[tuple[int, int, str, int]]] = defaultdict(list)
    for (shard, host, pid), (first, last) in spans.items():
        by_shard[shard].append((first, last, host, pid))
    wrong = []
    for shard, children in by_shard.items():
        children.sort()
        for (_, last, host, pid), (first, _, other, other_pid) in itertools.pairwise(children):
            if first < last:
                wrong.append(
                    f"{shard}: {pid} on {host} was at it for {(last - first) / _SECOND_NS:.2f} s "
                    f"after {other_pid} on {other} began"
                )
    return wrong


def late(acts: Iterable[Act], leases: Mapping[str, Sequence[Seen]], failover_seconds: float) -> list[str]:
    """Acts that began after the host's lease had run out: no renewal for the failover time, as the table shows it."""
    wrong = []
    for act in acts:
        seen = leases.get(act.shard, ())
        after = bisect.bisect_left(seen, act.begun_ns, key=lambda one: one.asked_ns)
        if after == len(seen) or seen[after].owner != act.host:
            continue  # not seen again, or another's by then: `overlapping` knows more
        first = after
        while first and (seen[first - 1].owner, seen[first - 1].counter) == (act.host, seen[after].counter):
            first -= 1
        since = (act.begun_ns - seen[first].answered_ns) / _SECOND_NS
        if since > failover_seconds:
            wrong.append(f"{act}: {since:.1f} s after its lease was renewed last")
    return wrong


def tolls(acts: Sequence[Act], written_ns: Mapping[str, Sequence[int]], faults: Sequence[Fault]) -> dict[str, Toll]:
    """By kind of fault; `acts` in the order of their beginning. What came before the first fault is `no fault`.

    A wait, or what is done twice, is put down to the fault that ruled in its middle: by its end there may be another.
    """
    begins = [fault.begun_ns for fault in faults]
    kinds = ["no fault", *(fault.kind for fault in faults)]
    duplicates: dict[str, int] = defaultdict(int)
    longest: dict[str, float] = defaultdict(float)
    first: dict[tuple[str, int], int] = {}
    for act in acts:
        again = (act.item, act.counter) in first
        since = first.setdefault((act.item, act.counter), written_ns[act.item][act.counter - 1])
        kind = kinds[bisect.bisect_right(begins, (since + act.begun_ns) // 2)]
        if again:
            duplicates[kind] += 1
        else:
            longest[kind] = max(longest[kind], (act.begun_ns - since) / _SECOND_NS)
            first[act.item, act.counter] = act.begun_ns
    return {kind: Toll(kinds.count(kind), duplicates[kind], longest[kind]) for kind in dict.fromkeys(kinds)}


def waits(acts: Iterable[Act], written_ns: Mapping[str, Sequence[int]]) -> list[float]:
    """Return, for each change that was begun, the seconds from its write to its first act."""
    first: dict[tuple[str, int], float] = {}
    for act in acts:
        since = written_ns[act.item][act.counter - 1]
        first.setdefault((act.item, act.counter), (act.begun_ns - since) / _SECOND_NS)
    return list(first.values())


def longest_standstills(acts: Sequence[Act]) -> dict[str, float]:
    """By shard: the longest time in seconds between two of its acts."""
    last: dict[str, int] = {}
    longest: dict[str, float] = defaultdict(float)
    for act in acts:
        if act.shard in last:
            longest[act.shard] = max(longest[act.shard], (act.begun_ns - last[act.shard]) / _SECOND_NS)
        last[act.shard] = act.begun_ns
    return dict(longest)
