"""How long until shards are balanced again after a host leaves or joins: `python -m bench.balance`.

64 shards over 4 hosts (network namespaces: needs root), failover time 5 s, 200 changes per second. Balanced means
within one of the mean. Leaving is SIGTERM; joining is counted from the start of the command, including the JVM's.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.cluster import Cluster
from tests.cluster.writer import Writer
from tests.harness import wait_for

if TYPE_CHECKING:
    from tests.cluster.cluster import Machine

HOSTS, SHARDS, RUNS = 4, 64, 3


def leave(cluster: Cluster, machine: Machine) -> float:
    others = [one for one in cluster.machines if one is not machine]
    begun = time.monotonic()
    machine.ask_to_stop()
    wait_for(lambda: cluster.is_even(others), "the others are even")
    seconds = time.monotonic() - begun
    machine.wait_for_stop()
    return seconds


def join(cluster: Cluster, machine: Machine) -> float:
    begun = time.monotonic()
    machine.start()
    wait_for(lambda: cluster.is_even(cluster.machines), "all are even")
    return time.monotonic() - begun


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder), HOSTS, SHARDS)
        try:
            begun = time.monotonic()
            cluster.start()
            wait_for(lambda: cluster.is_even(cluster.machines), "all are even")
            first = time.monotonic() - begun
            writer = Writer(cluster.database.endpoint, cluster.table, [f"item-{number}" for number in range(2000)], 200)
            writer.start()
            left, joined = [], []
            for machine in cluster.machines[:RUNS]:
                left.append(leave(cluster, machine))
                time.sleep(5)
                joined.append(join(cluster, machine))
                time.sleep(5)
            writer.end()
        finally:
            cluster.end()
    print(f"all {HOSTS} started at once: even after {first:.1f} s")
    for what, seconds in (("leaves", left), ("joins", joined)):
        print(f"a host {what:7}: even after " + ", ".join(f"{one:.1f}" for one in sorted(seconds)) + " s")


if __name__ == "__main__":
    main()
