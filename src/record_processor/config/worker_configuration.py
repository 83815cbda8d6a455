"""The worker's configuration: one object, made once from checked properties, whose fields have types and units."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from record_processor.config.choices import (
    BalanceLeasesBy,
    BillingMode,
    LogFormat,
    LogLevel,
    MetricsFormat,
    StreamMode,
    Tracing,
    TrimmedData,
    WarmParent,
)
from record_processor.config.property_schema import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MILLIS = 1000
_SECONDS = 60
_CAPACITY_UNITS = 10
# KCL names the lease table's property differently from the other two's.
_RECOVERY = ("PitrEnabled", "PointInTimeRecoveryEnabled")


class AwsAccess(NamedTuple):
    """Where AWS is called, and with which credentials."""

    region: str
    streams_provider: str
    """`AwsCredentialsProvider`, as KCL writes providers."""
    tables_provider: str
    """For the tables, including KCL's."""
    streams_endpoint: str | None
    """None: AWS's own endpoint."""
    tables_endpoint: str | None

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> AwsAccess:
        provider = values["AwsCredentialsProvider"]
        return cls(
            region=values["regionName"],
            streams_provider=provider,
            tables_provider=values.get("AwsCredentialsProviderDynamoDB") or provider,
            streams_endpoint=values.get("kinesisEndpoint"),
            tables_endpoint=values.get("dynamoDBEndpoint"),
        )


class LeaseSettings(NamedTuple):
    """How leases are kept and shared out."""

    stream_mode: StreamMode
    balance_by: BalanceLeasesBy
    failover_time_millis: int
    """How long a lease lasts without a renewal."""
    assignment_interval_millis: int

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> LeaseSettings:
        return cls(
            stream_mode=StreamMode(values["streamMode"]),
            balance_by=BalanceLeasesBy(values["balanceLeasesBy"]),
            failover_time_millis=int(values["failoverTimeMillis"]),
            assignment_interval_millis=int(values["leaseAssignmentIntervalMillis"]),
        )


class KclTable(NamedTuple):
    """One of the tables that KCL keeps its state in."""

    name: str
    billing_mode: BillingMode
    read_capacity_units: int
    """Applies if the table is provisioned."""
    write_capacity_units: int
    has_deletion_protection: bool
    has_point_in_time_recovery: bool

    @classmethod
    def from_values(cls, name: str, prefix: str, values: Mapping[str, str]) -> KclTable:
        """Read the properties of one table, whose names begin with `prefix`."""
        return cls(
            name=name,
            billing_mode=BillingMode(values.get(f"{prefix}BillingMode", BillingMode.PAY_PER_REQUEST.value)),
            read_capacity_units=int(values.get(f"{prefix}ReadCapacity", _CAPACITY_UNITS)),
            write_capacity_units=int(values.get(f"{prefix}WriteCapacity", _CAPACITY_UNITS)),
            has_deletion_protection=_is_set(values, f"{prefix}DeletionProtectionEnabled"),
            has_point_in_time_recovery=any(_is_set(values, f"{prefix}{name}") for name in _RECOVERY),
        )


class KclTables(NamedTuple):
    """KCL's three tables."""

    leases: KclTable
    coordinator: KclTable
    metrics: KclTable

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> KclTables:
        application = values["applicationName"]
        coordinator = values.get("coordinatorStateTableName", f"{application}-CoordinatorState")
        metrics = values.get("workerMetricsTableName", f"{application}-WorkerMetricStats")
        return cls(
            leases=KclTable.from_values(values.get("tableName", application), "leaseTable", values),
            coordinator=KclTable.from_values(coordinator, "coordinatorState", values),
            metrics=KclTable.from_values(metrics, "workerMetrics", values),
        )


class LogSettings(NamedTuple):
    """What is logged, and how."""

    format: LogFormat
    level: LogLevel
    kcl_level: LogLevel

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> LogSettings:
        return cls(
            format=LogFormat(values["logFormat"]),
            level=LogLevel(values["logLevel"]),
            kcl_level=LogLevel(values["kclLogLevel"]),
        )


class MonitoringSettings(NamedTuple):
    """Where a worker shows its metrics, its health and its status, and what of it."""

    address: str
    port: int
    """0: nowhere."""
    writes_emf: bool
    """Whether its metrics are in the log, too."""
    has_shards: bool
    """Whether there are metrics of each shard, too."""

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> MonitoringSettings | None:
        """Return None if it is off."""
        port, is_emf = int(values["metricsPort"]), MetricsFormat(values["metricsFormat"]) is MetricsFormat.EMF
        if not port and not is_emf:
            return None
        return cls(values["metricsAddress"], port, is_emf, _is_set(values, "metricsPerShard"))


class WorkerConfiguration(NamedTuple):
    """Everything that a worker's properties say. Immutable, and so thread-safe."""

    path: Path
    """The properties file."""
    application_name: str
    stream_names: tuple[str, ...]
    """Table names and stream ARNs, in the order in which they are written."""
    actions_path: Path
    executable_name: str | None
    """A command line to run per shard instead of the actions; None: the actions run."""
    has_warm_parent: bool
    """Whether shard processes are forked from one that has imported everything."""
    jvm_options: str
    """Quoted as in a shell."""
    checkpoint_interval_millis: int
    shutdown_grace_millis: int
    stuck_after_millis: int
    stream_check_interval_seconds: float
    report_interval_seconds: float
    """How often a worker reports itself; 0: never."""
    trim_warning_seconds: float
    """How long before records are trimmed there is a warning; 0: there is none."""
    trimmed_data: TrimmedData
    aws: AwsAccess
    leases: LeaseSettings
    tables: KclTables
    log: LogSettings
    monitoring: MonitoringSettings | None
    has_tracing: bool
    """Whether calls of actions are traced."""
    for_kcl: Mapping[str, str]
    """The properties that KCL knows and that have a value, as text."""

    @property
    def shutdown_grace_seconds(self) -> float:
        return self.shutdown_grace_millis / _MILLIS

    @classmethod
    def from_values(cls, path: Path, values: Mapping[str, str]) -> WorkerConfiguration:
        """Convert values to their types.

        Args:
            path: the properties file.
            values: of every property that is written or has a default, checked (`properties.read_properties`).
        """
        return cls(
            path=path,
            application_name=values["applicationName"],
            stream_names=tuple(name.strip() for name in values["streamName"].split(",") if name.strip()),
            actions_path=path.parent / values["actionsFile"],
            executable_name=values.get("executableName"),
            has_warm_parent=WarmParent(values["warmParent"]) is WarmParent.ON,
            jvm_options=values["jvmOptions"],
            checkpoint_interval_millis=int(values["checkpointIntervalMillis"]),
            shutdown_grace_millis=int(values["shutdownGraceMillis"]),
            stuck_after_millis=int(values["stuckAfterMillis"]),
            stream_check_interval_seconds=int(values["streamCheckIntervalMillis"]) / _MILLIS,
            report_interval_seconds=int(values["reportIntervalMillis"]) / _MILLIS,
            trim_warning_seconds=int(values["trimWarningMinutes"]) * _SECONDS,
            trimmed_data=TrimmedData(values["trimmedData"]),
            aws=AwsAccess.from_values(values),
            leases=LeaseSettings.from_values(values),
            tables=KclTables.from_values(values),
            log=LogSettings.from_values(values),
            monitoring=MonitoringSettings.from_values(values),
            has_tracing=Tracing(values["tracing"]) is Tracing.OTEL,
            for_kcl=MappingProxyType({name: value for name, value in values.items() if not KEYS[name].ours}),
        )


def _is_set(values: Mapping[str, str], name: str) -> bool:
    return values.get(name) == "true"
