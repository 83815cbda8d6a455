"""What an operator orders while a cluster runs, and whether the hosts follow."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.fleet import orders_item
from tests.cluster.clock import moment_ns
from tests.cluster.cluster import FAILOVER_SECONDS
from tests.harness import run_command, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from record_processor.delivery.orders import Scope
    from tests.cluster.acts import Act
    from tests.cluster.cluster import Cluster, Machine

GATE = "gate"
LETTERS = "letters.jsonl"
_CALLS = """\
actions:
  - name: witness
    type: python
    handler: witness:handle
    batch: {size: 100, window: WINDOW}
  - name: audit
    type: file
    path: audit-{shard}.jsonl
  - name: gate
    type: python
    handler: witness:refuse
    filter: {dynamodb: {Keys: {id: {S: [{prefix: marked-}]}}}}
    dead_letter: {type: file, path: letters.jsonl}
"""
_NOTES = "  - {name: notes, type: file, path: 'notes-{shard}.jsonl', filter: {eventName: [REMOVE]}}\n"
ACTIONS = (_CALLS.replace("WINDOW", "50ms"), _CALLS.replace("WINDOW", "80ms") + _NOTES)
"""Two versions, of which one has an action more."""
WRONG_ACTIONS = ACTIONS[0].replace("type: file", "type: flie")

# From an order on, nothing begins after this.
FOLLOWED_SECONDS = 2.0
# What a busy machine adds: a process has decided to begin, and gets its turn later.
NOISE_SECONDS = 0.3
GRACE_NS = int((FOLLOWED_SECONDS + NOISE_SECONDS) * 1e9)
_RELOAD_SECONDS = 60.0
_SKIP_SECONDS = 90.0
_ORDERED, _UNCONFIRMED, _REFUSED = 0, 1, 2


class Cut(NamedTuple):
    """When a host was away."""

    host: str
    from_ns: int
    to_ns: int


def steer(cluster: Cluster, verb: str, *arguments: str) -> int:
    """Give an order, from a place that is never cut off. That a worker which is away does not confirm it is no failure.

    Returns its exit status, which is 2 if it was refused.
    """
    worker = cluster.running[0].worker
    assert worker is not None
    answer = run_command(verb, str(worker.properties_path), *arguments, cwd=worker.folder)
    assert answer.returncode in (_ORDERED, _UNCONFIRMED, _REFUSED), answer.stderr
    if answer.returncode == _REFUSED:
        cluster.refusals.append(f"{verb} {' '.join(arguments)}: {answer.stderr.strip()}")
    return answer.returncode


def pause(cluster: Cluster, scope: Scope) -> None:
    status = steer(cluster, "pause", *options(scope), "--reason", "a fault")
    assert status != _REFUSED, cluster.refusals[-1]


def resume(cluster: Cluster, scope: Scope) -> None:
    status = steer(cluster, "resume", *options(scope))
    assert status != _REFUSED, cluster.refusals[-1]


def options(scope: Scope) -> list[str]:
    named = (("--table", scope.table), ("--shard", scope.shard_id), ("--action", scope.action))
    return [part for name, value in named if value is not None for part in (name, value)]


def ordered_ns(cluster: Cluster, scope: Scope) -> int:
    """Return when a pause was ordered, by the clock of `moment_ns`."""
    orders = orders_item.read(cluster.database.client, f"{cluster.application}-CoordinatorState")
    (found,) = [one for one in orders.pauses if one.scope == scope]
    return moment_ns() - int((time.time() - found.at) * 1e9)


class Held(NamedTuple):
    """What a pause should have held."""

    scope: Scope
    table: str
    since_ns: int
    """When it was ordered."""
    until_ns: int

    def has(self, act: Act) -> bool:
        is_in = self.scope.covers(self.table, act.shard) and self.scope.action in (None, "witness")
        return is_in and self.since_ns + GRACE_NS < act.begun_ns < self.until_ns


def begun_while_paused(acts: Iterable[Act], held: Held, cuts: Sequence[Cut] = ()) -> list[str]:
    """Return the calls that began nevertheless.

    A host that was away when it was ordered may begin something until its leases run out; if it is back before, until
    it has been back for as long as others have to follow.
    """
    return [
        f"{act}: {(act.begun_ns - held.since_ns) / 1e9:.2f} s after {held.scope} was paused"
        for act in acts
        if held.has(act) and not any(_may_begin(act, cut, held.since_ns) for cut in cuts)
    ]


def _may_begin(act: Act, cut: Cut, since_ns: int) -> bool:
    if act.host != cut.host or cut.from_ns > since_ns:  # it knew of the pause
        return False
    expired_ns = cut.from_ns + int((FAILOVER_SECONDS + NOISE_SECONDS) * 1e9)
    if act.begun_ns <= min(expired_ns, cut.to_ns):
        return True
    was_short = cut.to_ns < expired_ns
    return was_short and cut.to_ns < act.begun_ns <= cut.to_ns + GRACE_NS


class Blocked(NamedTuple):
    """A record that the gate refuses."""

    item: str
    host: Machine
    shard: str
    sequence_number: str


def block(cluster: Cluster) -> Blocked:
    """Write a marked record, and wait until it blocks a shard."""
    assert cluster.writer is not None
    item = cluster.writer.write_marked()
    found = wait_for(lambda: _blocked(cluster, item), f"{item} blocks a shard")
    assert found is not None
    return found


def _blocked(cluster: Cluster, item: str) -> Blocked | None:
    for machine in cluster.running:
        for event in machine.logged("delivery.blocked"):
            if event["keys"]["id"]["S"] == item:
                return Blocked(item, machine, event["shard_id"], event["sequence_number"])
    return None


def skip(cluster: Cluster, blocked: Blocked) -> None:
    """Order it until it is accepted: while nobody says that the record blocks a shard, it is refused."""
    arguments = (blocked.shard, blocked.sequence_number, "--action", GATE, "--reason", f"skips {blocked.item}")
    end = time.monotonic() + _SKIP_SECONDS
    while (status := steer(cluster, "skip", *arguments)) == _REFUSED and time.monotonic() < end:
        time.sleep(1)
    if status == _REFUSED:
        cluster.disobeyed.append(f"skip: {blocked.item} cannot be skipped: {cluster.refusals[-1]}")


def letters(cluster: Cluster) -> list[dict[str, Any]]:
    """Return the dead letters of all hosts."""
    files = [machine.folder / LETTERS for machine in cluster.machines]
    return [json.loads(line) for file in files if file.exists() for line in file.read_text().splitlines()]


def wrong_letters(cluster: Cluster) -> list[str]:
    """Return which skipped records have no letter, and which letters are of none."""
    assert cluster.writer is not None
    marked = set(cluster.writer.marked)
    said = {_item(letter) for letter in letters(cluster)}
    missing = [f"{item} was skipped and has no letter" for item in sorted(marked - said)]
    return missing + [f"{item} has a letter and was not skipped" for item in sorted(said - marked)]


def _item(letter: dict[str, Any]) -> str:
    item: str = letter["record"]["dynamodb"]["Keys"]["id"]["S"]
    assert f"skips {item}" in letter["error"]["message"], letter["error"]
    return item


def write_actions(cluster: Cluster, text: str) -> None:
    """Distribute it; hosts that start from now on start with it."""
    cluster.actions = text
    for machine in cluster.machines:
        (machine.folder / "actions.yaml").write_text(text)


def wait_until_reloaded(machine: Machine, before: int, names: list[str]) -> None:
    def has_them() -> bool:
        events = machine.logged("reload.begun")
        return len(events) > before and events[-1]["actions"] == names

    wait_for(has_them, f"{machine.name} has the new actions", _RELOAD_SECONDS)
