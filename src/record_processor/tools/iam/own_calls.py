"""The calls that the worker itself makes, KCL's included: on tables, streams, its own three tables, and CloudWatch.

Each list is what was found in the code (`host/`, `java/`, KCL's `DynamoDBLeaseRefresher`, `CoordinatorStateDAO`,
`WorkerMetricStatsDAO`, and the lock client). A test runs a worker that is denied everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.aws.permissions import arn
from record_processor.config.choices import MetricsLevel
from record_processor.host import stream_arns
from record_processor.tools.iam.principals import of_provider
from record_processor.tools.iam.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record_processor.config.worker_configuration import KclTable, WorkerConfiguration
    from record_processor.tools.iam.principals import Principal

_LEASE_INDEX = "LeaseOwnerToLeaseKeyIndex"
_LEASES = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Scan")
# The leader's lock, the stream that each table had last, the workers' reports, and the orders.
_COORDINATOR = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
_METRICS = ("UpdateItem", "DeleteItem", "Scan")
_CREATION = ("DescribeTable", "CreateTable")


def of_worker(configuration: WorkerConfiguration) -> Iterator[tuple[Principal, Statement]]:
    """Yield what a worker needs, without its actions."""
    yield from _reading(configuration)
    tables = of_provider(configuration.aws.tables_provider)
    leases, coordinator, metrics = configuration.tables
    yield tables, _on_table(leases, "leases", *_LEASES)
    yield tables, Statement("leases", ("dynamodb:Query",), (f"{_arn(leases)}/index/{_LEASE_INDEX}",))
    yield tables, _on_table(coordinator, "coordinator", *_COORDINATOR)
    yield tables, _on_table(metrics, "worker metrics", *_METRICS)
    if configuration.for_kcl.get("metricsLevel") != MetricsLevel.NONE.value:
        yield of_provider(_cloudwatch_provider(configuration)), _metrics(configuration)


def of_console(configuration: WorkerConfiguration) -> Iterator[tuple[Principal, Statement]]:
    """Yield what somebody needs who looks at everything and changes nothing."""
    yield from _reading(configuration)
    tables = of_provider(configuration.aws.tables_provider)
    for table in configuration.tables:
        calls = ("dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Scan")
        yield tables, Statement("application", calls, (_arn(table),))


def of_operator(configuration: WorkerConfiguration) -> Iterator[tuple[Principal, Statement]]:
    """Yield what somebody needs who also pauses, resumes, skips, seeks and reloads."""
    yield from of_console(configuration)
    tables = of_provider(configuration.aws.tables_provider)
    yield tables, Statement("orders", ("dynamodb:PutItem",), (_arn(configuration.tables.coordinator),))
    seeking = ("dynamodb:PutItem", "dynamodb:UpdateItem")
    yield tables, Statement("seek", seeking, (_arn(configuration.tables.leases),))


def of_reset(configuration: WorkerConfiguration) -> Iterator[tuple[Principal, Statement]]:
    """Yield what somebody needs who removes the application's tables."""
    tables = of_provider(configuration.aws.tables_provider)
    for table in configuration.tables:
        calls = ("dynamodb:DescribeTable", "dynamodb:Scan", "dynamodb:DeleteTable")
        yield tables, Statement("application", calls, (_arn(table),))


def _reading(configuration: WorkerConfiguration) -> Iterator[tuple[Principal, Statement]]:
    tables, streams = map(of_provider, (configuration.aws.tables_provider, configuration.aws.streams_provider))
    for name in configuration.stream_names:
        calls = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
        if stream_arns.is_arn(name):
            yield streams, Statement("streams", calls, (name,))
        else:
            # The stream that the table has now may be replaced, and its label is not known before.
            resource = arn("dynamodb", f"table/{name}/stream/*")
            yield tables, Statement("tables", ("dynamodb:DescribeTable",), (arn("dynamodb", f"table/{name}"),))
            yield streams, Statement("streams", (*calls, "dynamodb:ListStreams"), (resource,))


def _on_table(table: KclTable, title: str, *calls: str) -> Statement:
    recovery = ("UpdateContinuousBackups",) if table.has_point_in_time_recovery else ()
    return Statement(title, tuple(f"dynamodb:{call}" for call in (*_CREATION, *recovery, *calls)), (_arn(table),))


def _arn(table: KclTable) -> str:
    return arn("dynamodb", f"table/{table.name}")


def _metrics(configuration: WorkerConfiguration) -> Statement:
    # CloudWatch knows no resource for this; the namespace is all that can be named.
    condition = {"StringEquals": {"cloudwatch:namespace": configuration.application_name}}
    return Statement("metrics", ("cloudwatch:PutMetricData",), ("*",), condition)


def _cloudwatch_provider(configuration: WorkerConfiguration) -> str:
    return configuration.for_kcl.get("AwsCredentialsProviderCloudWatch") or configuration.aws.streams_provider
