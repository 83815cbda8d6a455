"""Writes what this worker does to the coordinator table, where `status` finds it, whoever runs that and wherever."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from record_processor import __version__
from record_processor.aws.explanations import explanation
from record_processor.errors import described
from record_processor.fleet.server_clock import ServerClock
from record_processor.fleet.worker_report import WorkerReport, item_of, key_of
from record_processor.host.process_usage import ProcessUsage, Usage
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.fleet.worker_report import Reloaded
    from record_processor.host.leader_rounds import LeaderRounds
    from record_processor.host.orders_watch import OrdersWatch
    from record_processor.host.reloader import Reloader
    from record_processor.host.shard_reports import ShardReports
    from record_processor.host.trim_watch import TrimWatch

log = Log("daemon.reports")

_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.1, 1.0
"""How often the shards' reports are looked at."""
_STOP_SECONDS = 3.0
_USAGE_SECONDS = 10.0
UNCHANGED_SECONDS = 10.0
"""A report in which nothing has happened is written this often, which shows that the worker lives."""


class Place(NamedTuple):
    """Where reports are written."""

    connect: Callable[[], Any]
    """Returns a client. Called in the reporter's own thread: a start does not wait for it."""
    table: str
    interval_seconds: float
    """0: nowhere."""
    has_shard_reports: bool
    """Whether shard processes are ours."""


class WorkerReporter:
    """Reports one JVM and its shard processes, from a thread of its own, until `stop`."""

    def __init__(
        self,
        place: Place,
        worker_id: str,
        since: float,
        jvm: int,
        shards: ShardReports,
        trims: TrimWatch,
        rounds: LeaderRounds,
        clock: ServerClock | None = None,
        orders: OrdersWatch | None = None,
        reloader: Reloader | None = None,
    ) -> None:
        """Begin at once; `clock` learns from the answers to reports."""
        self._place = place
        self._worker_id = worker_id
        self._since = since
        self._jvm = jvm
        self._look_seconds = look_seconds(place.interval_seconds)
        self._shards = shards
        self._trims = trims
        self._rounds = rounds
        self._orders = orders
        self._reloader = reloader
        self._clock = clock or ServerClock()
        self._processes = ProcessUsage()
        self._usage = Usage(None, None)
        self._used_at = 0.0
        self._written: WorkerReport | None = None
        self._tried_at = 0.0
        self._said = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker-reporter", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take the report back: the worker is gone. A table that does not answer is not waited for."""
        self._stopped.set()
        self._thread.join(_STOP_SECONDS)

    def usage(self) -> Usage:
        """Return what the JVM and its shard processes used a few seconds ago."""
        return self._usage

    def _run(self) -> None:
        while not self._stopped.wait(self._look_seconds):
            try:
                self._look()
            except Exception as error:  # a bug here must not end the worker's report for good
                self._say(f"cannot report what this worker does: {described(error)}")
        self._shards.close()
        if self._written is not None:
            with contextlib.suppress(BotoCoreError, ClientError):  # then it is too old before long
                self._place.connect().delete_item(TableName=self._place.table, Key=key_of(self._worker_id))

    def _look(self) -> None:
        shards = self._shards.look(self._clock.ahead_seconds)
        self._trims.watch(shards)
        now = time.monotonic()
        if now - self._used_at > _USAGE_SECONDS:
            self._used_at, self._usage = now, self._processes.look(self._jvm)
        if self._place.interval_seconds and (self._is_due(now) or self._follows_new_orders()):
            report = WorkerReport(
                worker_id=self._worker_id,
                at=self._clock.now(),
                since=self._since + self._clock.ahead_seconds,
                version=__version__,
                host=socket.gethostname(),
                interval_seconds=max(UNCHANGED_SECONDS, self._place.interval_seconds),
                clock_ahead_seconds=self._clock.ahead_seconds,
                reports_shards=self._place.has_shard_reports,
                orders_version=self._orders_version(),
                reloaded=self._reloaded(),
                cpu_cores=self._usage.cpu_cores,
                memory_bytes=self._usage.memory_bytes,
                shards=shards,
                actions=self._shards.totals(),
            )
            self._write_changed(report, now)
        self._rounds.run_if_due()

    def _is_due(self, now: float) -> bool:
        return now - self._tried_at >= self._place.interval_seconds - self._look_seconds / 2

    def _follows_new_orders(self) -> bool:
        """Return whether somebody waits to hear that orders are followed."""
        before = self._written
        now = (self._orders_version(), self._reloaded())
        return before is not None and (before.orders_version, before.reloaded) != now

    def _reloaded(self) -> Reloaded | None:
        return None if self._reloader is None else self._reloader.last

    def _orders_version(self) -> int | None:
        return None if self._orders is None else self._orders.version

    def _write_changed(self, report: WorkerReport, now: float) -> None:
        before = self._written
        if before is not None and report.at - before.at < UNCHANGED_SECONDS and _essence(report) == _essence(before):
            return
        if self._is_due(now):  # one in between, because of new orders, delays no other
            self._tried_at = now
        try:
            self._clock.see(self._place.connect().put_item(TableName=self._place.table, Item=item_of(report)))
        except (BotoCoreError, ClientError) as error:
            self._say(f"cannot write this worker's report to table {self._place.table}: {explanation(error)}")
        else:
            self._written, self._said = report, ""

    def _say(self, message: str) -> None:
        """Log it once; again if it comes back."""
        if message != self._said:
            self._said = message
            log.warning("report.not_written", message)


def look_seconds(interval_seconds: float) -> float:
    """Return a whole part of the time between two reports, so that one is due at a look and not soon after it."""
    looks = math.ceil(interval_seconds / _LONGEST_SECONDS)
    return max(_SHORTEST_SECONDS, interval_seconds / looks) if looks else _LONGEST_SECONDS


def _essence(report: WorkerReport) -> Any:
    """Return what is worth a write."""
    shards = [msgspec.structs.replace(shard, at=0.0, records_per_second=None, speed=None) for shard in report.shards]
    return shards, report.actions, report.orders_version, report.reloaded
