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
    import boto3

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


def stream_calls(configuration: WorkerConfiguration) -> QuickCalls:
    """Return calls to read streams with, which may run `AT_ONCE` at the same time and are tried once."""
    aws = configuration.aws
    return _stream_calls(clients.session(aws.streams_provider, aws.region), aws.streams_endpoint)


def target(configuration: WorkerConfiguration, made: endpoints.Clients, streams: dict[str, str]) -> Target:
    """Return the same for clients and streams that are already known."""
    tables = configuration.tables
    return Target(
        name=configuration.application_name,
        dynamodb=made.tables,
        streams=made.streams,
        oldest=OldestRecords(_stream_calls(made.streams_session, configuration.aws.streams_endpoint)),
        lease_table=tables.leases.name,
        coordinator_table=tables.coordinator.name,
        metrics_table=tables.metrics.name,
        newest_streams=streams,
        region=configuration.aws.region,
        begins_at_latest=configuration.for_kcl["initialPositionInStream"] == InitialPosition.LATEST.value,
        silent_seconds=silent_seconds(configuration),
    )


def _stream_calls(session: boto3.Session, endpoint: str | None) -> QuickCalls:
    reader = clients.client(session, "dynamodbstreams", endpoint, setting="kinesisEndpoint", at_once=AT_ONCE)
    return QuickCalls(session, reader, "dynamodb", "DynamoDBStreams_20120810")


def silent_seconds(configuration: WorkerConfiguration) -> float:
    """Return how long a worker may say nothing: as long as a lease lasts, or KCL's pause between two reports."""
    pause_millis = int(configuration.for_kcl["workerMetricsReporterFreqInMillis"])
    return max(configuration.leases.failover_time_millis, _MISSED * pause_millis) / _MILLIS
