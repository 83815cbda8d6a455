"""Every property that a user may write: KCL's, under KCL's names, and ours.

KCL ignores a name that it does not know, so a misspelt key would be a setting silently not made. Here every name is
listed, with its type; anything else is refused.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["text", "integer", "number", "flag", "choice", "region", "options"]

ENVIRONMENT_PREFIX = "RECORD_PROCESSOR_"


class PropertyKey(NamedTuple):
    """One property: how it is written, and what it is when nobody writes it."""

    name: str
    kind: Kind
    default: str | None
    """None: it has no value unless written, and KCL's own default counts."""
    minimum: int = 0
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False
    """Its value is never shown."""
    ours: bool = False
    """KCL does not know it."""

    @property
    def environment(self) -> str:
        """The variable that overrides it: `failoverTimeMillis` is RECORD_PROCESSOR_FAILOVER_TIME_MILLIS."""
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.name)
        return ENVIRONMENT_PREFIX + words.upper()


def _text(name: str, default: str | None = None, *, secret: bool = False, ours: bool = False) -> PropertyKey:
    return PropertyKey(name, "text", default, secret=secret, ours=ours)


def _integer(
    name: str, default: int | None = None, minimum: int = 0, maximum: int | None = None, *, ours: bool = False
) -> PropertyKey:
    text = None if default is None else str(default)
    return PropertyKey(name, "integer", text, minimum=minimum, maximum=maximum, ours=ours)


def _number(name: str) -> PropertyKey:
    return PropertyKey(name, "number", None)


def _flag(name: str, default: bool | None = None) -> PropertyKey:
    return PropertyKey(name, "flag", None if default is None else str(default).lower())


def _choice(name: str, default: str | None, *choices: str, ours: bool = False) -> PropertyKey:
    return PropertyKey(name, "choice", default, choices=choices, ours=ours)


_LEVELS = ("debug", "info", "warning", "error")
_BILLING_MODES = ("PAY_PER_REQUEST", "PROVISIONED")

_KEYS = (
    # What to read, as whom, from where.
    _text("applicationName"),
    _text("streamName"),
    # Where nobody writes it, AWS's variables and the profile count (`regions.configured`).
    PropertyKey("regionName", "region", None),
    _choice("initialPositionInStream", "TRIM_HORIZON", "TRIM_HORIZON", "LATEST"),
    _text("AwsCredentialsProvider", "DefaultCredentialsProvider", secret=True),
    _text("AwsCredentialsProviderDynamoDB", secret=True),
    _text("AwsCredentialsProviderCloudWatch", secret=True),
    _text("kinesisEndpoint"),
    _text("dynamoDBEndpoint"),
    # What to do with it.
    _text("actionsFile", "actions.yaml", ours=True),
    _integer("checkpointIntervalMillis", 5_000, ours=True),
    # This worker.
    _text("workerId"),
    _text("executableName"),
    _text("processingLanguage"),
    PropertyKey("jvmOptions", "options", "-Xmx256m", ours=True),
    _choice("logFormat", "text", "text", "json", ours=True),
    _choice("logLevel", "info", *_LEVELS, ours=True),
    _choice("kclLogLevel", "warning", *_LEVELS, ours=True),
    _integer("shutdownGraceMillis", 30_000, 1_000),
    # Reading. KCL's idle time is 1 s too, and doubles while a shard is empty.
    _integer("maxRecords", 1_000, 1, 1_000),
    _integer("idleTimeBetweenReadsInMillis", 1_000, 1),
    # Held records and late checkpoints need a call even when nothing comes.
    _flag("callProcessRecordsEvenForEmptyRecordList", True),
    _choice("trimmedData", "continue", "continue", "stop", ours=True),
    _integer("streamCheckIntervalMillis", 30_000, 100, ours=True),
    # A shard's process that does not answer KCL, and shows no sign of life either, is ended after so long.
    # Less would end those that wait for a lock of a file, or for programs that end.
    _integer("stuckAfterMillis", 900_000, 5_000, ours=True),
    # Leases. KCL's 20 s of assignment and 30 s of metrics make starts and takeovers slow.
    _choice("streamMode", "auto", "auto", "single", "multi", ours=True),
    _integer("failoverTimeMillis", 10_000, 1_000),
    _integer("leaseAssignmentIntervalMillis", 1_000, 200),
    _integer("workerMetricsReporterFreqInMillis", 1_000, 1_000),
    _text("tableName"),
    _text("coordinatorStateTableName"),
    _text("workerMetricsTableName"),
    _integer("maxLeasesForWorker", minimum=1),
    _integer("maxLeasesToStealAtOneTime", minimum=1),
    # KCL runs a quarter of them, 5 by default: with a slow lease table 64 leases would be renewed one after another.
    _integer("maxLeaseRenewalThreads", 256, minimum=1),
    _flag("enablePriorityLeaseAssignment"),
    _flag("cleanupLeasesUponShardCompletion"),
    _flag("ignoreUnexpectedChildShards"),
    _flag("isGracefulLeaseHandoffEnabled"),
    _integer("gracefulLeaseHandoffTimeoutMillis"),
    _integer("listShardsBackoffTimeInMillis"),
    _integer("maxListShardsRetryAttempts", minimum=1),
    _integer("parentShardPollIntervalMillis", 1_000, 1),
    _integer("schedulerInitializationBackoffTimeMillis"),
    _integer("taskBackoffTimeMillis"),
    _integer("logWarningForTaskAfterMillis"),
    _integer("maxActiveThreads"),
    _flag("validateSequenceNumberBeforeCheckpointing"),
    # How the leader shares leases out: evenly, or by KCL's bytes a second and CPU.
    _choice("balanceLeasesBy", "number", "number", "traffic", ours=True),
    # A worker gets no lease before its first metrics, and those need two captures.
    _integer("inMemoryWorkerMetricsCaptureFrequencyMillis", 250, 1),
    _integer("noOfPersistedMetricsPerWorkerMetrics", minimum=1),
    _flag("disableWorkerMetrics"),
    _number("maxThroughputPerHostKBps"),
    _integer("dampeningPercentage"),
    _integer("reBalanceThresholdPercentage"),
    _flag("allowThroughputOvershoot"),
    _integer("varianceBalancingFrequency"),
    _number("workerMetricsEMAAlpha"),
    _text("staleWorkerMetricsEntryCleanupDuration"),
    # The tables.
    _integer("initialLeaseTableReadCapacity", minimum=1),
    _integer("initialLeaseTableWriteCapacity", minimum=1),
    _flag("leaseTableDeletionProtectionEnabled"),
    _flag("leaseTablePitrEnabled"),
    _choice("coordinatorStateBillingMode", None, *_BILLING_MODES),
    _integer("coordinatorStateReadCapacity"),
    _integer("coordinatorStateWriteCapacity"),
    _flag("coordinatorStatePointInTimeRecoveryEnabled"),
    _flag("coordinatorStateDeletionProtectionEnabled"),
    _choice("workerMetricsBillingMode", None, *_BILLING_MODES),
    _integer("workerMetricsReadCapacity"),
    _integer("workerMetricsWriteCapacity"),
    _flag("workerMetricsPointInTimeRecoveryEnabled"),
    _flag("workerMetricsDeletionProtectionEnabled"),
    # CloudWatch. KCL's default is DETAILED: several paid metrics a shard.
    _choice("metricsLevel", "NONE", "NONE", "SUMMARY", "DETAILED"),
    _integer("metricsBufferTimeMillis"),
    _integer("metricsMaxQueueSize"),
    _text("metricsEnabledDimensions"),
)

KEYS = {key.name: key for key in _KEYS}
BY_ENVIRONMENT = {key.environment: key for key in _KEYS}

REQUIRED = ("applicationName", "streamName")

NOT_HERE = {
    "streamArn": "streamName takes ARNs too",
    "retrievalMode": "DynamoDB Streams is polled; it has no fan-out",
    "shardSyncIntervalMillis": "the DynamoDB Streams adapter sets it itself",
    "skipShardSyncAtWorkerInitializationIfLeasesExist": "the DynamoDB Streams adapter sets it itself",
    "timeoutInSeconds": "it would kill the worker while an action waits for its sink to come back",
    "clientVersionConfig": "there are no leases of an older KCL to migrate from",
    "workerIdentifier": "it is written workerId",
}
"""Names that KCL knows and that do not work here, with the reason."""
