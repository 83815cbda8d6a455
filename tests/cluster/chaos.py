"""Everything that can happen, one thing after another, and the verdict: `scripts/chaos --minutes 10 --seed 1`.

Four hosts, 32 shards that split and roll over, a steady stream of changes, and a fault every 20 seconds. Exit status 0
where nothing was lost or out of order, nothing began without a lease, and all that was written was done in the end.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.cluster import checker, metrics_observer
from tests.cluster.checker import Fault, Toll
from tests.cluster.clock import moment_ns
from tests.cluster.cluster import Cluster
from tests.cluster.faults import FAULTS, broken, deck
from tests.cluster.hosts import why_no_namespaces
from tests.cluster.leases import LeaseObserver
from tests.cluster.metrics_observer import MetricsObserver
from tests.cluster.status_observer import StatusObserver
from tests.cluster.verdict import SETTLE_SECONDS, all_done, wrongs
from tests.cluster.writer import Writer
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HOSTS = 4
SHARDS = 32
ITEMS = 2000
CYCLE_SECONDS = 20.0
# A pause, a cut, a slow table: shorter and longer than the failover time.
SHORTEST_FAULT_SECONDS, LONGEST_FAULT_PART = 2.0, 0.6


class Verdict(NamedTuple):
    writes: int
    writes_per_second: float
    wrong: dict[str, list[str]]
    """What must not happen, by kind; each is to be empty."""
    tolls: dict[str, Toll]
    standstills: dict[str, float]

    @property
    def good(self) -> bool:
        return not any(self.wrong.values())


class Plan(NamedTuple):
    """Which faults, and when."""

    minutes: float
    seed: int
    kinds: Sequence[str] = ()
    """All where none is named."""
    cycle_seconds: float = CYCLE_SECONDS
    """From one fault to the next."""


def run(folder: Path, plan: Plan, writes_per_second: float) -> Verdict:
    """One run, from an empty cluster to the verdict."""
    chance = random.Random(plan.seed)  # noqa: S311 - it is to be repeatable
    cluster = Cluster(folder, HOSTS, SHARDS, **metrics_observer.PROPERTIES)
    try:
        cluster.give_clocks()
        cluster.start()
        items = [f"item-{number:04}" for number in range(ITEMS)]
        writer = Writer(cluster.database.endpoint, cluster.table, items, writes_per_second)
        observer = LeaseObserver(cluster.database, cluster.application)
        begun = time.monotonic()
        writer.start()
        observer.start()
        status, metrics = StatusObserver(_properties(cluster)), MetricsObserver(cluster)
        faults = list(_faults(cluster, chance, plan))
        writer.end()
        rate = writer.writes / (time.monotonic() - begun)
        try:
            wait_for(lambda: all_done(cluster, writer), "every change is done", SETTLE_SECONDS)
        except AssertionError as error:
            _say(str(error))
        observer.end()
        untrue = {"status that is not true": status.wrongs(), "metrics that are not true": metrics.wrongs()}
        status.end()
        metrics.end()
        statuses = cluster.stop()
        return _verdict(cluster, writer, observer, faults, statuses, untrue, rate)
    finally:
        for machine in cluster.machines:
            (folder / f"{machine.name}.log").write_text(machine.log())
        cluster.end()


def _properties(cluster: Cluster) -> Path:
    worker = cluster.machines[0].worker
    assert worker is not None
    return worker.properties_path


def _faults(cluster: Cluster, chance: random.Random, plan: Plan) -> Iterator[Fault]:
    kinds = deck(chance, plan.kinds)
    end = time.monotonic() + plan.minutes * 60
    time.sleep(plan.cycle_seconds / 2)  # what it is without any
    while (begun := time.monotonic()) + plan.cycle_seconds <= end:
        kind = next(kinds)
        begun_ns = moment_ns()
        with broken(cluster, kind, chance) as what:
            seconds = chance.uniform(SHORTEST_FAULT_SECONDS, LONGEST_FAULT_PART * plan.cycle_seconds)
            _say(f"{kind} {f'({what}) ' if what else ''}for {seconds:.1f} s")
            time.sleep(seconds)
        yield Fault(kind, begun_ns, what)
        time.sleep(max(0.0, begun + plan.cycle_seconds - time.monotonic()))


def _verdict(
    cluster: Cluster,
    writer: Writer,
    observer: LeaseObserver,
    faults: list[Fault],
    statuses: Mapping[str, int],
    untrue: Mapping[str, list[str]],
    rate: float,
) -> Verdict:
    acts = cluster.acts()
    wrong = {
        **wrongs(cluster, writer, observer.seen),
        "stops that failed": [f"{name}: {status}" for name, status in statuses.items() if status != 0],
        **untrue,
    }
    tolls = checker.tolls(acts, writer.written_ns, faults)
    return Verdict(writer.writes, rate, wrong, tolls, checker.longest_standstills(acts))


def table(verdict: Verdict) -> str:
    lines = [f"{'fault':28} {'times':>5} {'duplicates':>10} {'longest wait':>12}"]
    for kind, toll in sorted(verdict.tolls.items()):
        lines.append(f"{kind:28} {toll.times:5} {toll.duplicates:10} {toll.longest_wait_seconds:10.1f} s")
    standstills = sorted(verdict.standstills.items(), key=lambda one: -one[1])
    lines += [
        "",
        f"{verdict.writes} writes, {verdict.writes_per_second:.0f}/s, on {len(standstills)} shards",
        "longest time between two acts of a shard: "
        f"{standstills[len(standstills) // 2][1]:.1f} s in the median of the shards; at most",
        *(f"{seconds:8.1f} s {shard}" for shard, seconds in standstills[:3]),
    ]
    lines += [f"{len(found):6} {what}" for what, found in verdict.wrong.items()]
    lines += [f"    {what}: {one}" for what, found in verdict.wrong.items() for one in found[:10]]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1000), help="the same seed, the same faults")  # noqa: S311
    parser.add_argument("--writes", type=float, default=600.0, help="a second; fewer than 500 arriving is a failure")
    parser.add_argument("--kinds", nargs="+", default=(), choices=FAULTS, metavar="KIND", help="only these faults")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and what the hosts wrote down")
    options = parser.parse_args()
    missing = why_no_namespaces()
    if missing is not None:
        parser.error(missing)
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory() as made:
        folder = options.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        verdict = run(folder, Plan(options.minutes, options.seed, options.kinds), options.writes)
    print(table(verdict))
    enough = verdict.writes_per_second >= min(500.0, options.writes)
    sys.exit(0 if verdict.good and enough else 1)


if __name__ == "__main__":
    main()
