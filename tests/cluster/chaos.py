"""Everything that can happen, one thing after another, and the verdict: `scripts/chaos --minutes 10 --seed 1`.

Four hosts, 32 shards that split and roll over, a steady stream of changes, and a fault every 20 seconds; an operator
who orders things in the middle of them, and everybody who looks. Exit status 0 where nothing was lost or out of order,
nothing began without a lease or while it was paused, and all that was written was done in the end, or has a letter.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.cluster import checker, figures, metrics_observer, steering
from tests.cluster.checker import Fault, Toll
from tests.cluster.clock import moment_ns
from tests.cluster.cluster import Cluster
from tests.cluster.faults import FAULTS, broken, deck
from tests.cluster.hosts import why_no_namespaces
from tests.cluster.leases import LeaseObserver
from tests.cluster.observers import Observers
from tests.cluster.verdict import SETTLE_SECONDS, all_done, wrongs
from tests.cluster.writer import Writer
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.cluster.figures import Figures

HOSTS = 4
SHARDS = 32
ITEMS = 2000
CYCLE_SECONDS = 20.0
# A pause, a cut, a slow table: shorter and longer than the failover time.
SHORTEST_FAULT_SECONDS, LONGEST_FAULT_PART = 2.0, 0.6


class Verdict(NamedTuple):
    writes: int
    wrong: dict[str, list[str]]
    """What must not happen, by kind; each is to be empty."""
    tolls: dict[str, Toll]
    standstills: dict[str, float]
    figures: Figures
    observed: str = ""
    """What those who looked did."""

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
    is_observed: bool = True
    once: bool = False
    """Each kind once, however long that takes, rather than for so many minutes."""


class Run(NamedTuple):
    """What a run has come to, before it is judged."""

    cluster: Cluster
    writer: Writer
    leases: LeaseObserver
    faults: list[Fault]
    statuses: Mapping[str, int]
    untrue: Mapping[str, list[str]]
    rate: float
    busy: float
    observed: str


def run(folder: Path, plan: Plan, writes_per_second: float) -> Verdict:
    """One run, from an empty cluster to the verdict."""
    cluster = Cluster(folder, HOSTS, SHARDS, **metrics_observer.PROPERTIES)
    cluster.actions = steering.ACTIONS[0]
    try:
        cluster.give_clocks()
        cluster.start()
        observers = Observers(cluster) if plan.is_observed else None
        try:
            return _verdict(_run(cluster, plan, writes_per_second, observers))
        finally:
            if observers is not None:
                observers.end()
    finally:
        for machine in cluster.machines:
            (folder / f"{machine.name}.log").write_text(machine.log())
        cluster.end()


def _run(cluster: Cluster, plan: Plan, writes_per_second: float, observers: Observers | None) -> Run:
    chance = random.Random(plan.seed)  # noqa: S311 - it is to be repeatable
    items = [f"item-{number:04}" for number in range(ITEMS)]
    writer = cluster.writer = Writer(cluster.database.endpoint, cluster.table, items, writes_per_second)
    leases = LeaseObserver(cluster.database, cluster.application)
    begun, before = time.monotonic(), figures.processor_seconds()
    writer.start()
    leases.start()
    faults = list(_faults(cluster, chance, plan))
    writer.end()
    rate = writer.writes / (time.monotonic() - begun)
    busy, all_of_it = (now - then for now, then in zip(figures.processor_seconds(), before, strict=True))
    if observers is not None:
        observers.calm()
    try:
        wait_for(lambda: all_done(cluster, writer), "every change is done", SETTLE_SECONDS)
    except AssertionError as error:
        _say(str(error))
    leases.end()
    untrue = observers.wrongs() if observers is not None else {}
    observed = observers.end() if observers is not None else ""
    return Run(cluster, writer, leases, faults, cluster.stop(), untrue, rate, busy / all_of_it, observed)


def _faults(cluster: Cluster, chance: random.Random, plan: Plan) -> Iterator[Fault]:
    kinds = deck(chance, plan.kinds)
    end = time.monotonic() + plan.minutes * 60
    time.sleep(plan.cycle_seconds / 2)  # what it is without any
    for kind in itertools.islice(kinds, len(plan.kinds) if plan.once else None):
        begun = time.monotonic()
        if not plan.once and begun + plan.cycle_seconds > end:
            return
        begun_ns = moment_ns()
        with broken(cluster, kind, chance) as what:
            seconds = chance.uniform(SHORTEST_FAULT_SECONDS, LONGEST_FAULT_PART * plan.cycle_seconds)
            _say(f"{kind} {f'({what}) ' if what else ''}for {seconds:.1f} s")
            time.sleep(seconds)
        yield Fault(kind, begun_ns, what)
        time.sleep(max(0.0, begun + plan.cycle_seconds - time.monotonic()))


def _verdict(run: Run) -> Verdict:
    acts, written = run.cluster.acts(), run.writer.written_ns
    wrong = {
        **wrongs(run.cluster, run.writer, run.leases.seen),
        "orders that were not followed": run.cluster.disobeyed,
        "skipped records and their letters": steering.wrong_letters(run.cluster),
        "stops that failed": [f"{name}: {status}" for name, status in run.statuses.items() if status != 0],
        **run.untrue,
    }
    tolls = checker.tolls(acts, written, run.faults)
    counted = figures.figures(acts, written, run.faults, run.rate, run.busy)
    return Verdict(run.writer.writes, wrong, tolls, checker.longest_standstills(acts), counted, run.observed)


def table(verdict: Verdict) -> str:
    lines = [f"{'fault':28} {'times':>5} {'duplicates':>10} {'longest wait':>12}"]
    for kind, toll in sorted(verdict.tolls.items()):
        lines.append(f"{kind:28} {toll.times:5} {toll.duplicates:10} {toll.longest_wait_seconds:10.1f} s")
    standstills = sorted(verdict.standstills.items(), key=lambda one: -one[1])
    lines += [
        "",
        f"{verdict.writes} writes on {len(standstills)} shards; the longest time between two acts of a shard:",
        *(f"{seconds:8.1f} s {shard}" for shard, seconds in standstills[:3]),
    ]
    lines += [f"{len(found):6} {what}" for what, found in verdict.wrong.items()]
    lines += [f"    {what}: {one}" for what, found in verdict.wrong.items() for one in found[:10]]
    return "\n".join([*lines, *([verdict.observed] if verdict.observed else [])])


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main() -> None:
    options = _options()
    print(f"seed {options.seed}")
    runs = {
        "observed": [True],
        "unobserved": [False],
        "both": [False, True],
    }[options.observers]
    verdicts = {}
    for is_observed in runs:
        name = "observed" if is_observed else "unobserved"
        plan = Plan(options.minutes, options.seed, options.kinds, is_observed=is_observed)
        with tempfile.TemporaryDirectory() as made:
            folder = (options.keep or Path(made)) / name
            folder.mkdir(parents=True)
            verdicts[name] = run(folder, plan, options.writes)
        print(f"\n{name}\n{table(verdicts[name])}", flush=True)
    print("\n" + figures.table({name: verdict.figures for name, verdict in verdicts.items()}))
    enough = all(one.figures.written_per_second >= min(500.0, options.writes) for one in verdicts.values())
    sys.exit(0 if enough and all(one.good for one in verdicts.values()) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1000), help="the same seed, the same faults")  # noqa: S311
    parser.add_argument("--writes", type=float, default=600.0, help="a second; fewer than 500 arriving is a failure")
    parser.add_argument("--kinds", nargs="+", default=(), choices=FAULTS, metavar="KIND", help="only these faults")
    parser.add_argument(
        "--observers",
        choices=("observed", "unobserved", "both"),
        default="observed",
        help="whether everything is polled and flooded meanwhile; both: one run after the other, to be compared",
    )
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and what the hosts wrote down")
    options = parser.parse_args()
    missing = why_no_namespaces()
    if missing is not None:
        parser.error(missing)
    return options


if __name__ == "__main__":
    main()
