"""What must hold at the end of every test of a cluster."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.cluster import checker
from tests.cluster.cluster import FAILOVER_SECONDS
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.cluster.acts import Act
    from tests.cluster.checker import Seen
    from tests.cluster.cluster import Cluster
    from tests.cluster.writer import Writer

# After the last fault: a restart of everything, leases that run out, and what has piled up.
SETTLE_SECONDS = 240.0


def wrongs(
    cluster: Cluster, writer: Writer, leases: Mapping[str, Sequence[Seen]] | None = None
) -> dict[str, list[str]]:
    """What must not happen, by kind, in a run that is over; each is empty when all is right."""
    acts, audits = cluster.acts(), cluster.audits()
    done = [change for changes in audits.values() for change in changes]
    return {
        "lost": [f"{item} {counter}" for item, counter in checker.lost(writer.counters(), done)],
        "order violations": [*checker.turned(acts), *_turned_in_files(audits, acts)],
        "shards with two at work": checker.overlapping(acts),
        "acts without a lease": checker.late(acts, leases or {}, FAILOVER_SECONDS),
    }


def all_done(cluster: Cluster, writer: Writer) -> bool:
    """Whether both actions have done every change; what a stop keeps one of them from is not lost."""
    if len({(act.item, act.counter) for machine in cluster.machines for act in machine.acts()}) < writer.writes:
        return False
    return len({change for changes in cluster.audits().values() for change in changes}) == writer.writes


def settle(cluster: Cluster, writer: Writer) -> None:
    """End the writer, and wait until everything is done."""
    writer.end()
    try:
        wait_for(lambda: all_done(cluster, writer), "every change is done", SETTLE_SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{_left_over(cluster, writer)}") from None


def assert_right(cluster: Cluster, writer: Writer, duplicates: int | None = None) -> None:
    """Wait until everything is processed, stop all hosts, and judge, perhaps with an expected number of duplicates."""
    settle(cluster, writer)
    assert set(cluster.stop().values()) <= {0}
    assert not any(wrongs(cluster, writer).values()), wrongs(cluster, writer)
    if duplicates is not None:
        assert len(cluster.acts()) - writer.writes == duplicates


def _left_over(cluster: Cluster, writer: Writer) -> str:
    """Describe what is not done, by shard, and the state of the leases."""
    acts = cluster.acts()
    shards = {act.item: act.shard for act in acts}
    audited = {change for changes in cluster.audits().values() for change in changes}
    left: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for change in checker.lost(writer.counters(), audited.intersection((act.item, act.counter) for act in acts)):
        left[shards.get(change[0], "a shard that was never begun")].append(change)
    lines = [f"{shard}: {len(changes)} changes, {changes[:3]} ..." for shard, changes in left.items()]
    return "\n".join([*lines, *map(str, cluster.database.leases(cluster.application))])


def _turned_in_files(audits: Mapping[Path, Sequence[tuple[str, int]]], acts: Sequence[Act]) -> list[str]:
    children: dict[tuple[str, str], set[int]] = defaultdict(set)
    for act in acts:
        children[act.host, act.shard].add(act.pid)
    return [
        f"{path}: {text}"
        for path, changes in audits.items()
        for text in checker.turned_in_file(changes, len(children[_host_and_shard(path)]))
    ]


def _host_and_shard(path: Path) -> tuple[str, str]:
    return path.parent.name, path.stem.removeprefix("audit-")
