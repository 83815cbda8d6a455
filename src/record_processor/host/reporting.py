"""Puts together what reports a worker to others: its shards' reports, the warnings of trimming, and who writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.aws import clients
from record_processor.aws.clients import explained
from record_processor.fleet.kcl_state import read_leader
from record_processor.fleet.look import look
from record_processor.host import fleet_target
from record_processor.host.trim_watch import TrimWatch
from record_processor.host.worker_reporter import Place, WorkerReporter

if TYPE_CHECKING:
    from record_processor.config.worker_configuration import WorkerConfiguration
    from record_processor.host.prepare import Prepared
    from record_processor.host.shard_reports import ShardReports


class Reporting(NamedTuple):
    """What lives as long as the worker, over all of its JVMs."""

    configuration: WorkerConfiguration
    prepared: Prepared
    shards: ShardReports
    since: float
    """When the worker started (seconds since the epoch)."""

    def begin(self, worker_id: str, jvm: int) -> WorkerReporter:
        """Report a JVM, by its process id, and its shard processes."""
        place = self._place()
        return WorkerReporter(place, worker_id, self.since, jvm, self.shards, self._trim_watch(place, worker_id))

    def _place(self) -> Place:
        aws, sessions = self.configuration.aws, self.prepared.clients
        # What is late is worth nothing, and the next report comes soon.
        dynamodb = clients.client(sessions.tables_session, "dynamodb", aws.tables_endpoint, first_call=True)
        return Place(dynamodb, self.configuration.tables.coordinator.name, self.configuration.report_interval_seconds)

    def _trim_watch(self, place: Place, worker_id: str) -> TrimWatch:
        target = fleet_target.target(self.configuration, self.prepared.clients, self.prepared.streams)

        def is_leader() -> bool:
            with explained(f"table {place.table}"):
                return read_leader(place.dynamodb, place.table) == worker_id

        return TrimWatch(self.configuration.trim_warning_seconds, is_leader, lambda: look(target))
