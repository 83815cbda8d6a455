"""An operator's orders in the middle of something else: a takeover, a restart, a split, or a host that is cut off."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from record_processor.delivery.orders import Scope
from tests.cluster import steering
from tests.cluster.clock import moment_ns
from tests.cluster.steering import Cut, Held
from tests.harness import wait_for

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.cluster.cluster import Cluster, Machine
    from tests.harness import Worker

    Disturb = Callable[[Cluster, Machine, str], AbstractContextManager[None]]
    """It begins on entering, with a host and one of its shards, and ends on leaving."""
    Break = Callable[[Cluster, random.Random], AbstractContextManager[str]]

# An order and what it meets are this far from each other, at most.
_APART_SECONDS = 1.5
# So long after its end the pause is still to hold.
_AFTER_SECONDS = 3.0
_LETTER_SECONDS = 60.0


@contextmanager
def takeover(_cluster: Cluster, machine: Machine, _shard: str) -> Iterator[None]:
    machine.kill()
    yield
    machine.start()


@contextmanager
def restart(_cluster: Cluster, machine: Machine, _shard: str) -> Iterator[None]:
    machine.ask_to_stop()
    yield
    status = machine.wait_for_stop()
    assert status == 0, f"{machine.name} stopped with {status}"
    machine.start()


@contextmanager
def split(cluster: Cluster, _machine: Machine, shard: str) -> Iterator[None]:
    shards = cluster.open_shards()
    parent = shard if shard in shards else shards[0]
    # It stays in the listing: what is to be paused or skipped of it must be found there.
    cluster.stream.command("end", arn=cluster.arn, at=shards.index(parent), into=2)
    yield


@contextmanager
def cut_off(_cluster: Cluster, machine: Machine, _shard: str) -> Iterator[None]:
    machine.host.cut_off()
    yield
    machine.host.join()


AMID: dict[str, Disturb] = {
    "in a takeover": takeover,
    "in a restart": restart,
    "in a split": split,
    "on a cut-off host": cut_off,
}


class Place(NamedTuple):
    """Where something is to happen."""

    machine: Machine
    shard: str


def _place(cluster: Cluster, random: random.Random) -> Place:
    running = {machine.name: machine for machine in cluster.running}
    owners = wait_for(lambda: [one for one in cluster.owners().items() if one[1] in running], "some shard has an owner")
    shard, owner = random.choice(sorted(owners))
    return Place(running[owner], shard)


def paused(disturb: Disturb) -> Break:
    """Pause something, before or after the rest begins; it must hold until it is resumed."""

    @contextmanager
    def broken(cluster: Cluster, random: random.Random) -> Iterator[str]:
        place, is_first, apart = _place(cluster, random), random.random() < 0.5, random.uniform(0, _APART_SECONDS)
        scope = _scope(cluster, random, place.shard)
        if is_first:
            steering.pause(cluster, scope)
        from_ns = moment_ns()
        with disturb(cluster, place.machine, place.shard):
            if not is_first:
                time.sleep(apart)
                steering.pause(cluster, scope)
            since_ns = steering.ordered_ns(cluster, scope)
            yield f"{scope}{', before it' if is_first else ''}, {place.machine.name}"
        cuts = [Cut(place.machine.name, from_ns, moment_ns())] if disturb is cut_off else []
        time.sleep(_AFTER_SECONDS)
        held = Held(scope, cluster.table, since_ns, moment_ns())
        cluster.disobeyed += steering.begun_while_paused(cluster.acts(), held, cuts)
        steering.resume(cluster, scope)

    return broken


def _scope(cluster: Cluster, random: random.Random, shard: str) -> Scope:
    scopes = [
        Scope(),
        Scope(table=cluster.table),
        Scope(action="witness"),
        Scope(table=cluster.table, shard_id=shard),
        Scope(table=cluster.table, shard_id=shard, action="witness"),
    ]
    return random.choice(scopes)


def reloaded(disturb: Disturb) -> Break:
    """Replace the actions of every host, by an order or by signals; wrong ones are refused, and change nothing."""

    @contextmanager
    def broken(cluster: Cluster, random: random.Random) -> Iterator[str]:
        place, how = _place(cluster, random), random.choice(["by order", "by signal", "wrong"])
        old = cluster.actions
        new = next(text for text in steering.ACTIONS if text != old)
        if how == "wrong":
            _refuse_wrong(cluster)
        with ThreadPoolExecutor(1) as beside, disturb(cluster, place.machine, place.shard):
            time.sleep(random.uniform(0, _APART_SECONDS))
            before = {machine: _state(machine) for machine in cluster.running}
            steering.write_actions(cluster, new)
            if how == "by signal":
                for machine in before:
                    _signal(machine)
                ordered = None
            else:
                ordered = beside.submit(steering.steer, cluster, "reload", "--reason", "a fault")
            yield f"{how}, {place.machine.name}"
        if ordered is not None and ordered.result() != 0:
            cluster.disobeyed.append(f"reload: not confirmed by all ({how}, {place.machine.name})")
        for machine, (worker, count) in before.items():
            if machine.worker is worker:
                steering.wait_until_reloaded(machine, count, _names(new))

    return broken


def _state(machine: Machine) -> tuple[Worker | None, int]:
    return machine.worker, machine.events("reload.begun")


def _names(actions: str) -> list[str]:
    return ["witness", "audit", "gate", *(["notes"] if "notes" in actions else [])]


def _signal(machine: Machine) -> None:
    if machine.worker is not None:
        machine.worker.process.send_signal(signal.SIGHUP)


def _refuse_wrong(cluster: Cluster) -> None:
    """Ask one host for actions that have an error; the command refuses them too."""
    machine = cluster.running[0]
    before, begun = machine.events("reload.refused"), machine.events("reload.begun")
    file = machine.folder / "actions.yaml"
    file.write_text(steering.WRONG_ACTIONS)
    _signal(machine)
    wait_for(lambda: machine.events("reload.refused") > before, f"{machine.name} refuses wrong actions")
    if steering.steer(cluster, "reload") != 2:
        cluster.disobeyed.append("reload: actions with an error were accepted")
    file.write_text(cluster.actions)
    if machine.events("reload.begun") != begun:
        cluster.disobeyed.append(f"reload: {machine.name} has taken something of wrong actions")


def skipped(disturb: Disturb) -> Break:
    """Skip a record that blocks a shard, before or after the rest begins; its letter must be there."""

    @contextmanager
    def broken(cluster: Cluster, random: random.Random) -> Iterator[str]:
        blocked = steering.block(cluster)
        is_first, apart = random.random() < 0.5, random.uniform(0, _APART_SECONDS)
        with ThreadPoolExecutor(1) as beside:
            ordered = beside.submit(steering.skip, cluster, blocked) if is_first else None
            time.sleep(apart)
            with disturb(cluster, blocked.host, blocked.shard):
                ordered = ordered or beside.submit(steering.skip, cluster, blocked)
                yield f"{blocked.item}{', before it' if is_first else ''}, {blocked.host.name}"
            ordered.result()
        wait_for(lambda: _has_letter(cluster, blocked.item), f"{blocked.item} has a letter", _LETTER_SECONDS)

    return broken


def _has_letter(cluster: Cluster, item: str) -> bool:
    return any(letter["record"]["dynamodb"]["Keys"]["id"]["S"] == item for letter in steering.letters(cluster))


FAULTS: dict[str, Break] = {
    f"{name} {where}": make(disturb)
    for name, make in (("pause", paused), ("reload", reloaded), ("skip", skipped))
    for where, disturb in AMID.items()
}
