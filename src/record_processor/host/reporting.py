"""Puts together what reports a worker to others: its shards' reports, the warnings of trimming, and who writes them."""

from __future__ import annotations

import functools
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.aws import clients
from record_processor.aws.clients import explained
from record_processor.fleet.kcl_state import read_leader
from record_processor.fleet.look import look
from record_processor.host import fleet_target, left_reports
from record_processor.host.leader_rounds import LeaderRounds
from record_processor.host.trim_watch import TrimWatch
from record_processor.host.worker_reporter import Place, WorkerReporter

if TYPE_CHECKING:
    from record_processor.config.worker_configuration import WorkerConfiguration
    from record_processor.fleet.look import Target
    from record_processor.fleet.server_clock import ServerClock
    from record_processor.host.orders_watch import OrdersWatch
    from record_processor.host.prepare import Prepared
    from record_processor.host.reloader import Reloader
    from record_processor.host.shard_reports import ShardReports


class TablesClient:
    """Makes a client for calls of which a late one is worth nothing, when it is first needed. Thread-safe."""

    def __init__(self, configuration: WorkerConfiguration, prepared: Prepared) -> None:
        self._configuration = configuration
        self._prepared = prepared
        self._lock = threading.Lock()
        self._made: Any = None

    def __call__(self) -> Any:
        with self._lock:
            if self._made is None:
                aws, sessions = self._configuration.aws, self._prepared.clients
                self._made = clients.client(sessions.tables_session, "dynamodb", aws.tables_endpoint, first_call=True)
            return self._made


class Reporting(NamedTuple):
    """What lives as long as the worker, over all of its JVMs."""

    configuration: WorkerConfiguration
    prepared: Prepared
    client: TablesClient
    shards: ShardReports
    orders: OrdersWatch
    reloader: Reloader
    since: float
    """When the worker started (seconds since the epoch)."""
    clock: ServerClock
    """DynamoDB's, as far as the answers to reports tell."""

    def begin(self, worker_id: str, jvm: int) -> WorkerReporter:
        """Report a JVM, by its process id, and its shard processes."""
        place = Place(
            self.client,
            self.configuration.tables.coordinator.name,
            self.configuration.report_interval_seconds,
            has_shard_reports=self.configuration.executable_name is None,
        )
        trims = TrimWatch(self.configuration.trim_warning_seconds)
        rounds = self._rounds(place, worker_id, trims)
        return WorkerReporter(
            place, worker_id, self.since, jvm, self.shards, trims, rounds, self.clock, self.orders, self.reloader
        )

    def _rounds(self, place: Place, worker_id: str, trims: TrimWatch) -> LeaderRounds:
        def is_leader() -> bool:
            with explained(f"table {place.table}"):
                return read_leader(place.connect(), place.table) == worker_id

        def watch_others() -> None:
            if self.configuration.trim_warning_seconds:
                trims.watch_others(look(target()))

        @functools.cache
        def target() -> Target:
            return fleet_target.target(self.configuration, self.prepared.clients, self.prepared.streams)

        def remove_left() -> None:
            left_reports.remove(place.connect(), place.table, time.time())

        return LeaderRounds(is_leader, [watch_others, remove_left])
