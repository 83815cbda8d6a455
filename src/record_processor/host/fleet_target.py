"""What a look at an application needs, from the configuration of one of its workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.aws import clients
from record_processor.aws.quick_calls import QuickCalls
from record_processor.config.choices import InitialPosition
from record_processor.fleet.look import Target
from record_processor.fleet.oldest_records import AT_ONCE, OldestRecords
from record_processor.host import endpoints, stream_arns

if TYPE_CHECKING:
    from record_processor.config.worker_configuration import WorkerConfiguration

_MILLIS = 1000
_MISSED = 3


def connect(configuration: WorkerConfiguration) -> Target:
    """Connect to the tables and streams of an application; change nothing.

    Raises:
        SetupError: an endpoint does not answer, or a table or its stream does not exist.
    """
    made = endpoints.connect(configuration.aws)
    names = configuration.stream_names
    streams = dict(zip(names, stream_arns.resolve(made.tables, names), strict=True))
    return target(configuration, made, streams)


def target(configuration: WorkerConfiguration, made: endpoints.Clients, streams: dict[str, str]) -> Target:
    """Return the same for clients and streams that are already known."""
    reader = clients.client(
        made.streams_session,
        "dynamodbstreams",
        configuration.aws.streams_endpoint,
        setting="kinesisEndpoint",
        at_once=AT_ONCE,
    )
    tables = configuration.tables
    return Target(
        name=configuration.application_name,
        dynamodb=made.tables,
        streams=made.streams,
        oldest=OldestRecords(QuickCalls(made.streams_session, reader, "dynamodb", "DynamoDBStreams_20120810")),
        lease_table=tables.leases.name,
        coordinator_table=tables.coordinator.name,
        metrics_table=tables.metrics.name,
        newest_streams=streams,
        region=configuration.aws.region,
        begins_at_latest=configuration.for_kcl["initialPositionInStream"] == InitialPosition.LATEST.value,
        silent_seconds=_silent_seconds(configuration),
    )


def _silent_seconds(configuration: WorkerConfiguration) -> float:
    """Return how long a worker may say nothing: as long as a lease lasts, or KCL's pause between two reports."""
    pause_millis = int(configuration.for_kcl["workerMetricsReporterFreqInMillis"])
    return max(configuration.leases.failover_time_millis, _MISSED * pause_millis) / _MILLIS
