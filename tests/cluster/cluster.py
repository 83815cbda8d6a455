"""Hosts with a worker each, and a host for what they share: the database, and the stand-in for a busy stream."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.busy_stream.client import BusyStream
from tests.cluster import witness
from tests.cluster.acts import Act, Tail, audited, witnessed
from tests.cluster.clock import Clock, moment_ns
from tests.cluster.database import LocalDatabase
from tests.cluster.hosts import Network
from tests.cluster.leases import actual_owner, is_ended, shard_of
from tests.harness import Worker, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.cluster.hosts import Host
    from tests.cluster.writer import Writer
    from tests.harness import Database

FAILOVER_SECONDS = 5.0
# How long a process takes to stop after it was told to.
_STOPPING_NS = 50_000_000

ACTIONS = """\
actions:
  - name: witness
    type: python
    handler: witness:handle
    batch: {size: 100, window: 50ms}
  - name: audit
    type: file
    path: audit-{shard}.jsonl
"""
_PROPERTIES = {
    "failoverTimeMillis": str(int(FAILOVER_SECONDS * 1000)),
    "idleTimeBetweenReadsInMillis": "500",
    "checkpointIntervalMillis": "1000",
}


class Machine:
    """One host: its network, its clock, and its worker."""

    def __init__(self, cluster: Cluster, name: str, host: Host) -> None:
        self._cluster = cluster
        self.name = name
        self.host = host
        self.folder = cluster.folder / name
        self.folder.mkdir()
        shutil.copy(witness.__file__, self.folder / "witness.py")
        self._clock: Clock | None = None
        self._witness = Tail(self.folder / "witness.jsonl")
        self._acts: list[Act] = []
        self._ended: list[Worker] = []
        self.worker: Worker | None = None
        self._asleep_since_ns = 0

    @property
    def clock(self) -> Clock:
        """From the worker's next start on, it has its own clock."""
        if self._clock is None:
            self._clock = Clock(self.folder)
        return self._clock

    @property
    def running(self) -> bool:
        return self.worker is not None and self.worker.process.poll() is None

    def start(self) -> None:
        assert not self.running
        environment = self._clock.environment if self._clock is not None else None
        properties = {**_PROPERTIES, "workerId": self.name, **self._cluster.properties}
        self.worker = Worker(
            self.folder,
            self._cluster.database,
            self._cluster.application,
            self._cluster.tables,
            self._cluster.actions,
            properties,
            self.host.prefix,
            environment,
        )

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        self._worker.signal(signal.SIGTERM)

    def wait_for_stop(self, seconds: float = 60) -> int:
        """The exit status."""
        status = self._worker.process.wait(seconds)
        self._forget()
        return status

    def kill(self) -> None:
        """All at once, as when the power goes."""
        self._signal_all(signal.SIGKILL)
        self._forget()

    def kill_shard_process(self) -> int:
        """Have a handler start a process that outlives it; return the pid of its shard process."""
        started = self.folder / "descendant.json"
        started.unlink(missing_ok=True)
        (self.folder / "start-descendant").touch()
        wait_for(started.exists, f"a handler of {self.name} has started a process")
        shard_process, descendant = json.loads(started.read_text())
        os.kill(shard_process, signal.SIGKILL)
        return int(descendant)

    def pause(self) -> None:
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def suspend(self) -> None:
        """The host falls asleep, its monotonic clock with it; the worker must have been started with a clock."""
        self.pause()
        self._asleep_since_ns = moment_ns()

    def wake(self) -> None:
        # A moment less: a process may have looked at its clock before the signal reached it, and no clock goes back.
        self.clock.sleep(max(0, moment_ns() - self._asleep_since_ns - _STOPPING_NS))
        self.resume()

    def end(self) -> None:
        if self.worker is not None:
            self.resume()
            self._forget()

    def acts(self) -> list[Act]:
        self._acts += witnessed(self.name, self._witness.lines())
        return self._acts

    def events(self, name: str) -> int:
        return sum(len(worker.of(name)) for worker in self._workers)

    def logged(self, name: str) -> list[dict[str, Any]]:
        """Return the events of this name of all workers that ran here."""
        return [event for worker in self._workers for event in worker.of(name)]

    def shards_started(self) -> set[str]:
        """Shards that a process of this host has begun to read, now or earlier."""
        return {event["shard_id"] for worker in self._workers for event in worker.of("shard.started")}

    def log(self) -> str:
        return "".join(line for worker in self._workers for line in list(worker.raw))

    @property
    def _workers(self) -> list[Worker]:
        """All that ran here, the oldest first."""
        return [*self._ended, *([self.worker] if self.worker is not None else [])]

    @property
    def _worker(self) -> Worker:
        assert self.worker is not None
        return self.worker

    def _forget(self) -> None:
        self._worker.end()
        self._ended.append(self._worker)
        self.worker = None

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in [self._worker.process.pid, *self._worker.family()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


class Cluster:
    """Created with one table that is shown as several shards, and no worker started yet."""

    def __init__(self, folder: Path, hosts: int, shards: int, **properties: str) -> None:
        self.folder = folder
        self.properties: Mapping[str, str] = {}
        self.actions = ACTIONS
        """What the hosts start with from now on."""
        self.writer: Writer | None = None
        """Who writes, if somebody is to write more."""
        self.disobeyed: list[str] = []
        """Orders that were not followed."""
        self.refusals: list[str] = []
        """Orders that were refused."""
        self.application = f"cluster-{uuid.uuid4().hex[:8]}"
        self._end = contextlib.ExitStack()
        try:
            self.network = Network(hosts)
            self._end.callback(self.network.end)
            self.local = LocalDatabase(folder / "database", self.network.address)
            self._end.callback(self.local.end)
            self.database: Database = self.local.database
            self.stream = self._stand_in("stream")
            # The workers' tables have one of their own: what delays them must not delay the stream.
            self.worker_tables = self._stand_in("tables")
            self.table = self.database.table("NEW_IMAGE")
            self.tables = (self.table,)
            self.arn = self.stream.show(self.table, shards)
            self.properties = {
                "kinesisEndpoint": self.stream.endpoint,
                "dynamoDBEndpoint": self.worker_tables.endpoint,
                **properties,
            }
            names = [f"host-{number}" for number in range(1, hosts + 1)]
            self.machines = [Machine(self, name, host) for name, host in zip(names, self.network.hosts, strict=True)]
        except BaseException:
            self._end.close()
            raise

    def end(self) -> None:
        with self._end:
            for machine in self.machines:
                machine.end()

    def start(self) -> None:
        """Start all hosts, and wait until every shard is being read."""
        for machine in self.machines:
            machine.start()
        shards = len(self.stream.command("shards", arn=self.arn))
        wait_for(lambda: self.events("shard.started") >= shards, f"{shards} shards are read")

    def events(self, name: str) -> int:
        """How often the workers' logs have it."""
        return sum(machine.events(name) for machine in self.machines)

    def stop(self) -> dict[str, int]:
        """SIGTERM to all hosts at once; their exit statuses."""
        running = self.running
        for machine in running:
            machine.ask_to_stop()
        return {machine.name: machine.wait_for_stop() for machine in running}

    def give_clocks(self) -> None:
        """Before the start: each host gets a clock that can be set."""
        for machine in self.machines:
            machine.clock.jump(0)

    def leader(self) -> str:
        return self.database.leader(self.application)

    @property
    def running(self) -> Sequence[Machine]:
        return [machine for machine in self.machines if machine.running]

    def open_shards(self) -> list[str]:
        """Return the ids of open shards, in the stand-in's order."""
        shards = self.stream.command("shards", arn=self.arn)
        return [shard["ShardId"] for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]

    def owners(self) -> dict[str, str]:
        """By shard that has not ended: the host that works on it."""
        live = [lease for lease in self.database.leases(self.application) if not is_ended(lease)]
        return {shard_of(lease): owner for lease in live if (owner := actual_owner(lease))}

    def owned(self) -> Counter[str]:
        """How many live leases each host has."""
        return Counter(self.owners().values())

    def shards_of(self, machine: Machine) -> list[str]:
        return [shard for shard, owner in self.owners().items() if owner == machine.name]

    def is_even(self, machines: Sequence[Machine] | None = None) -> bool:
        """Whether these hosts have all live leases among them, and none has two more than another."""
        names = [machine.name for machine in machines or self.running]
        owned = self.owned()
        numbers = [owned[name] for name in names]
        return (
            sum(owned.values()) >= len(self.open_shards())
            and set(owned) <= set(names)
            and max(numbers) - min(numbers) <= 1
        )

    def is_at_rest(self, machines: Sequence[Machine] | None = None) -> bool:
        """Whether it is even, and no lease is on its way from one host to another."""
        handed_over = any("checkpointOwner" in lease for lease in self.database.leases(self.application))
        return not handed_over and self.is_even(machines)

    def is_reading(self) -> bool:
        """Whether it is at rest, and the shard process of each lease has begun too."""
        return self.is_at_rest() and all(
            set(self.shards_of(machine)) <= machine.shards_started() for machine in self.machines
        )

    def acts(self) -> list[Act]:
        """Of all hosts, in the order of their beginning."""
        return sorted(act for machine in self.machines for act in machine.acts())

    def audits(self) -> dict[Path, list[tuple[str, int]]]:
        return {path: changes for machine in self.machines for path, changes in audited(machine.folder).items()}

    def _stand_in(self, name: str) -> BusyStream:
        made = BusyStream(self.database, self.folder, self.network.address, name)
        self._end.callback(made.end)
        return made
