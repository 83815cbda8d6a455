"""Begins to show a worker at `metricsPort` and in its log, if that is wanted."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from record_processor.records.stream import Stream

if TYPE_CHECKING:
    from record_processor.host.check import Checked
    from record_processor.host.metrics.monitoring import Monitoring
    from record_processor.host.reporting import Reporting
    from record_processor.host.run_directory import RunDirectory


def monitor(checked: Checked, reporting: Reporting, directory: RunDirectory) -> Monitoring | None:
    """Return what answers at the port, already listening, and writes metrics; None if nobody wants it.

    Raises:
        SetupError: the port cannot be listened on.
    """
    configuration = checked.configuration
    if configuration.monitoring is None:
        return None
    # Imported now: a worker without a port needs no server.
    from record_processor.host.metrics.collecting import Identity
    from record_processor.host.metrics.monitoring import Monitoring

    streams = reporting.prepared.streams
    who = Identity(
        application=configuration.application_name,
        worker_id="",
        host=socket.gethostname(),
        since=reporting.since,
        tables=tuple(dict.fromkeys(Stream(arn).table for arn in streams.values())),
        actions=tuple(action["name"] for action in checked.actions) if configuration.executable_name is None else (),
    )
    return Monitoring(
        configuration.monitoring,
        directory.path,
        reporting.shards,
        reporting.clock,
        who,
        configuration.aws.region,
        streams,
        configuration.leases.failover_time_millis / 1000,
    )
