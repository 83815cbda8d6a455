"""What can happen to a cluster. Each is a block: the fault begins on entering, and is repaired on leaving."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from tests.cluster import steering_faults
from tests.cluster.cluster import FAILOVER_SECONDS
from tests.harness import is_running, run_command, wait_for

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from tests.cluster.cluster import Cluster, Machine

    Break = Callable[[Cluster, random.Random], AbstractContextManager[str]]
    """Entering the block returns what was done, in a few words."""

# Enough shards for two cores; beyond this they roll over instead of splitting.
_MOST_SHARDS = 44
# A record this far behind its shard's newest was checkpointed minutes ago.
_KEPT_RECORDS = 4000


@contextmanager
def stopped(cluster: Cluster, random: random.Random) -> Iterator[str]:
    machine = _one(cluster, random)
    machine.ask_to_stop()
    yield machine.name
    status = machine.wait_for_stop()
    assert status == 0, f"{machine.name} stopped with {status}"
    machine.start()


@contextmanager
def killed(cluster: Cluster, random: random.Random) -> Iterator[str]:
    machine = _one(cluster, random)
    machine.kill()
    yield machine.name
    machine.start()


@contextmanager
def all_killed(cluster: Cluster, _random: random.Random) -> Iterator[str]:
    for machine in cluster.machines:
        machine.kill()
    yield "every host"
    for machine in cluster.machines:
        machine.start()


@contextmanager
def shard_process_killed(cluster: Cluster, random: random.Random) -> Iterator[str]:
    """What its handler has started lives on, and holds open what the JVM reads."""
    machine = _one(cluster, random)
    descendant = machine.kill_shard_process()
    yield machine.name
    wait_for(lambda: not is_running(descendant), f"what a handler of {machine.name} has started is ended too")


@contextmanager
def suspended(cluster: Cluster, random: random.Random) -> Iterator[str]:
    """The host sleeps, and its monotonic clock with it: by that, no time has passed, and others have its leases."""
    machine, begun = _one(cluster, random), time.monotonic()
    machine.suspend()
    yield machine.name
    time.sleep(max(0.0, begun + 1.5 * FAILOVER_SECONDS - time.monotonic()))
    machine.wake()


@contextmanager
def paused(cluster: Cluster, random: random.Random) -> Iterator[str]:
    machine = _one(cluster, random)
    machine.pause()
    yield machine.name
    machine.resume()


@contextmanager
def cut_off(cluster: Cluster, random: random.Random) -> Iterator[str]:
    machine = _one(cluster, random)
    machine.host.cut_off()
    yield machine.name
    machine.host.join()


@contextmanager
def clock_jumped(cluster: Cluster, random: random.Random) -> Iterator[str]:
    machine, hours = _one(cluster, random), random.choice([-25, -1, 1, 25])
    machine.clock.jump(hours * 3600)
    yield f"{machine.name} by {hours} h"
    # It stays there until the next jump: nothing may hang on it.


@contextmanager
def database_restarted(cluster: Cluster, _random: random.Random) -> Iterator[str]:
    cluster.local.end()
    yield ""
    cluster.local.start()


@contextmanager
def database_paused(cluster: Cluster, _random: random.Random) -> Iterator[str]:
    cluster.local.pause()
    yield ""
    cluster.local.resume()


def stand_in(name: str, kind: str, operation: str = "*", **how: float) -> Break:
    """Return the answer of one of the cluster's stand-ins."""

    @contextmanager
    def broken(cluster: Cluster, _random: random.Random) -> Iterator[str]:
        server = getattr(cluster, name)
        server.command("fault", kind=kind, operation=operation, lasting=60, **how)
        yield ", ".join(f"{name} {value}" for name, value in how.items())
        server.command("mend")

    return broken


worker_tables = partial(stand_in, "worker_tables")
"""The workers' own: leases, leader, metrics."""
stream = partial(stand_in, "stream", operation="GetRecords")


@contextmanager
def resharded(cluster: Cluster, random: random.Random) -> Iterator[str]:
    """Some shards split or roll over; for a while a listing shows their children and not them."""
    parents, did = [], []
    for _ in range(random.randint(1, 4)):
        shards = cluster.open_shards()
        at, into = random.randrange(len(shards)), 2 if len(shards) < _MOST_SHARDS and random.random() < 0.5 else 1
        parents.append(shards[at])
        did.append("split" if into == 2 else "rolled over")
        cluster.stream.command("end", arn=cluster.arn, at=at, into=into)
    cluster.stream.command("hide", arn=cluster.arn, shards=parents)
    yield ", ".join(did)
    cluster.stream.command("hide", arn=cluster.arn, shards=[])


@contextmanager
def trimmed(cluster: Cluster, _random: random.Random) -> Iterator[str]:
    """Old records go, as they do after a day. Those that nobody has read yet stay: their loss would not be ours."""
    count = cluster.stream.command("trim", arn=cluster.arn, keep=_KEPT_RECORDS)
    yield f"{count} records"


@contextmanager
def sought_back(cluster: Cluster, random: random.Random) -> Iterator[str]:
    """The last seconds are processed again, and a host dies, stops or is cut off, or shards end, while that is done."""
    since = datetime.fromtimestamp(time.time() - random.uniform(5, 40), timezone.utc).isoformat(timespec="seconds")
    meanwhile = random.choice([killed, stopped, cut_off, resharded, shard_process_killed])
    with ThreadPoolExecutor() as threads:
        order = threads.submit(_seek, cluster, since)
        time.sleep(random.uniform(0, 3))
        with meanwhile(cluster, random) as did:
            yield f"to {since}, and {meanwhile.__name__}: {did}"
        order.result()


def _seek(cluster: Cluster, since: str) -> None:
    """That a worker which has just died does not confirm it is no failure, nor what has changed since."""
    worker = cluster.running[0].worker
    assert worker is not None
    order = ("--to", since, "--yes", "--reason", "a fault")
    answer = run_command("seek", str(worker.properties_path), *order, cwd=worker.folder)
    assert answer.returncode in (0, 1) or "run the command again" in answer.stderr, answer.stderr


FAULTS: dict[str, Break] = {
    "SIGTERM": stopped,
    "kill -9": killed,
    "kill -9 of every host": all_killed,
    "shard process killed": shard_process_killed,
    "SIGSTOP": paused,
    "host suspended": suspended,
    "cable cut": cut_off,
    "clock jump": clock_jumped,
    "database restarted": database_restarted,
    "database paused": database_paused,
    "lease tables throttled": worker_tables("throughput", share=0.7),
    "lease tables slow": worker_tables("slow", seconds=1.5),
    "stream throttled": stream("throttle", share=0.7),
    "stream's limit exceeded": stream("limit", share=0.5),
    "stream's 500s": stream("internal", share=0.5),
    "stream slow": stream("slow", seconds=2.0),
    "stream drops connections": stream("drop", share=0.5),
    "iterators expire": stream("expired", share=0.2),
    "shards split and roll over": resharded,
    "old records trimmed": trimmed,
    **steering_faults.FAULTS,
    "shards seek back": sought_back,
}


def deck(random: random.Random, of: Sequence[str] = ()) -> Iterator[str]:
    """Kinds without end: all of them, or those that are named, in some order, and again in another."""
    while True:
        kinds = list(of or FAULTS)
        random.shuffle(kinds)
        yield from kinds


def broken(cluster: Cluster, kind: str, random: random.Random) -> AbstractContextManager[str]:
    return FAULTS[kind](cluster, random)


def _one(cluster: Cluster, random: random.Random) -> Machine:
    return random.choice(cluster.running)
