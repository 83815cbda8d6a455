"""Every property that a user may write: KCL's, under KCL's names, and ours.

KCL ignores a name that it does not know, so a misspelt key would be a setting silently not made. Here every name is
listed, with its type and description; anything else is refused.
"""

from __future__ import annotations

from record_processor.config.choices import (
    BalanceLeasesBy,
    BillingMode,
    InitialPosition,
    LogFormat,
    LogLevel,
    MetricsLevel,
    StreamMode,
    TrimmedData,
)
from record_processor.config.property_key import (
    ENVIRONMENT_PREFIX,
    PropertyKey,
    choice,
    flag,
    integer,
    number,
    text,
)

_READING = (
    text("applicationName", "Names the application and its lease table. Workers with the same name share the work."),
    text("streamName", "Table names or stream ARNs, separated by commas."),
    PropertyKey(
        "regionName",
        "region",
        None,
        "The region of the tables, their streams and the lease table. If it is not set, AWS_REGION counts, then "
        "AWS_DEFAULT_REGION, then the region of the profile, then us-east-1.",
    ),
    choice(
        "initialPositionInStream",
        "Where to start on a shard without a checkpoint: with the oldest record (TRIM_HORIZON, up to 24 hours back) or "
        "with the moment at which an application first reads the shard (LATEST).",
        InitialPosition,
        InitialPosition.TRIM_HORIZON,
    ),
    text(
        "AwsCredentialsProvider",
        "The credentials, for the streams and for all that has no provider of its own: DefaultCredentialsProvider, "
        "ProfileCredentialsProvider|NAME, StsAssumeRoleCredentialsProvider|ROLE_ARN|SESSION, and the like.",
        "DefaultCredentialsProvider",
        secret=True,
    ),
    text(
        "AwsCredentialsProviderDynamoDB",
        "The credentials for the tables. Default: those of AwsCredentialsProvider.",
        secret=True,
    ),
    text(
        "AwsCredentialsProviderCloudWatch",
        "The credentials for CloudWatch. Default: those of AwsCredentialsProvider.",
        secret=True,
    ),
    text("kinesisEndpoint", "The endpoint of DynamoDB Streams, such as http://localhost:8000. Default: AWS's."),
    text("dynamoDBEndpoint", "The endpoint of DynamoDB, for the tables and the lease table. Default: AWS's."),
    integer("maxRecords", "How many records to ask for per call. DynamoDB returns 1 MB at most.", 1_000, 1, 1_000),
    # KCL's idle time is 1 s too, and doubles while a shard is empty.
    integer(
        "idleTimeBetweenReadsInMillis",
        "The pause between two calls on a shard, in milliseconds, doubled while the shard is empty. Each call costs "
        "half a read request unit; below 200 DynamoDB throttles.",
        1_000,
        1,
    ),
    # Held records and late checkpoints need a call even when nothing comes.
    flag(
        "callProcessRecordsEvenForEmptyRecordList",
        "Whether shard processes are called when there are no records. Held batches and checkpoints need it.",
        default=True,
    ),
    choice(
        "trimmedData",
        "What a shard does after DynamoDB has trimmed records (24 hours) that were not read: go on with the oldest "
        "record (continue), or wait until this is set to continue (stop). The event data.trimmed reports it.",
        TrimmedData,
        TrimmedData.CONTINUE,
        ours=True,
    ),
    integer(
        "streamCheckIntervalMillis",
        "How often, in milliseconds, to look if a table has a new stream (the event stream.replaced).",
        30_000,
        100,
        ours=True,
    ),
    integer("parentShardPollIntervalMillis", "How often a child shard checks if its parent is done.", 1_000, 1),
)

_WORKER = (
    text(
        "actionsFile", "The actions. A relative path starts at the folder of the properties.", "actions.yaml", ours=True
    ),
    integer(
        "checkpointIntervalMillis",
        "How often to save progress, in milliseconds. After a crash this much is processed again, and each save is one "
        "write to the lease table.",
        5_000,
        ours=True,
    ),
    text("workerId", "The worker's unique name. Default: host name, process id and a random part."),
    text(
        "executableName", "A program to run per shard instead of the actions. It speaks KCL's multi-language protocol."
    ),
    text("processingLanguage", "The language of executableName, for KCL's user agent."),
    PropertyKey(
        "jvmOptions",
        "options",
        "-Xmx256m",
        "Memory and flags of the JVM, quoted as in a shell. They do not appear in `ps`.",
        ours=True,
    ),
    choice(
        "logFormat", "The form of the log: text, or one JSON object per line.", LogFormat, LogFormat.TEXT, ours=True
    ),
    choice("logLevel", "The lowest level of the worker's own events to log.", LogLevel, LogLevel.INFO, ours=True),
    choice("kclLogLevel", "The lowest level of KCL's own lines to log.", LogLevel, LogLevel.WARNING, ours=True),
    integer(
        "shutdownGraceMillis",
        "How long a stop may take, in milliseconds, before whatever is left is ended.",
        30_000,
        1_000,
    ),
    # Less would end those that wait for a lock of a file, or for programs that end.
    integer(
        "stuckAfterMillis",
        "A shard process that owes KCL an answer and shows no sign of life for this long, in milliseconds, is ended "
        "(the event shard.stuck), and its shard goes on in a new one.",
        900_000,
        5_000,
        ours=True,
    ),
    integer("schedulerInitializationBackoffTimeMillis", "KCL's pause between attempts to start, in milliseconds."),
    integer("taskBackoffTimeMillis", "KCL's pause before it tries a failed task of a shard again, in milliseconds."),
    integer("logWarningForTaskAfterMillis", "KCL logs a warning about a task that takes longer, in milliseconds."),
    integer("maxActiveThreads", "The size of KCL's thread pool. Default: as many threads as there are tasks."),
    flag("validateSequenceNumberBeforeCheckpointing", "Whether KCL validates sequence numbers before it saves them."),
)

# KCL's 20 s of assignment and 30 s of metrics make starts and takeovers slow.
_LEASES = (
    choice(
        "streamMode",
        "The form of the lease table: for one stream (single), for several (multi), or the one that is there, else the "
        "one that the number of streams asks for (auto). If a second table may come, start with multi.",
        StreamMode,
        StreamMode.AUTO,
        ours=True,
    ),
    integer(
        "failoverTimeMillis",
        "How long a lease lasts without a renewal, in milliseconds. After it no action call starts on the shard, and "
        "another worker may take the lease.",
        10_000,
        1_000,
    ),
    integer("leaseAssignmentIntervalMillis", "How often the leader assigns leases, in milliseconds.", 1_000, 200),
    integer(
        "workerMetricsReporterFreqInMillis",
        "How often a worker reports that it is alive and how busy it is, in milliseconds.",
        1_000,
        1_000,
    ),
    integer(
        "maxLeasesForWorker",
        "The most leases that this worker holds. If all workers together may hold fewer than there are shards, some "
        "shards are not read. Default: no limit.",
        minimum=1,
    ),
    integer(
        "maxLeasesToStealAtOneTime",
        "How many leases a worker of KCL 2 takes from another at a time. It has no effect while KCL 3's leader assigns "
        "the leases.",
        minimum=1,
    ),
    # KCL runs a quarter of them, 5 by default: with a slow lease table 64 leases would be renewed one after another.
    integer("maxLeaseRenewalThreads", "KCL's threads for renewals. A quarter of them run at a time.", 256, minimum=1),
    flag(
        "enablePriorityLeaseAssignment",
        "Whether a worker of KCL 2 first takes leases that expired long ago. It has no effect while KCL 3's leader "
        "assigns the leases.",
    ),
    flag("cleanupLeasesUponShardCompletion", "Whether KCL deletes the leases of shards that are done."),
    flag("ignoreUnexpectedChildShards", "Whether KCL tolerates child shards whose parents are still open."),
    flag("isGracefulLeaseHandoffEnabled", "Whether a live worker finishes its records before a handoff."),
    integer("gracefulLeaseHandoffTimeoutMillis", "How long a graceful handoff may take, in milliseconds."),
    integer("listShardsBackoffTimeInMillis", "KCL's pause between attempts to list shards, in milliseconds."),
    integer("maxListShardsRetryAttempts", "How often KCL tries to list shards.", minimum=1),
    choice(
        "balanceLeasesBy",
        "How the leader shares leases out: evenly by number, or by traffic and CPU as KCL does it.",
        BalanceLeasesBy,
        BalanceLeasesBy.NUMBER,
        ours=True,
    ),
    # A worker gets no lease before its first metrics, and those need two captures.
    integer(
        "inMemoryWorkerMetricsCaptureFrequencyMillis",
        "How often a worker measures how busy it is, in milliseconds.",
        250,
        1,
    ),
    integer("noOfPersistedMetricsPerWorkerMetrics", "How many measurements KCL keeps per worker.", minimum=1),
    flag("disableWorkerMetrics", "Whether KCL ignores CPU when it balances. Default: true when it balances by number."),
    number("maxThroughputPerHostKBps", "The traffic that KCL gives a worker at most, in KB per second."),
    integer("dampeningPercentage", "How much of a difference KCL evens out per round. Default by number: 100."),
    integer("reBalanceThresholdPercentage", "KCL balances if a worker is this far from the average, in percent."),
    flag(
        "allowThroughputOvershoot",
        "Whether KCL may move a lease even if that moves more traffic than it wants to move in this round.",
    ),
    integer(
        "varianceBalancingFrequency",
        "KCL balances in every n-th round of assignments. Default by number: often enough for moves to end in between.",
    ),
    number("workerMetricsEMAAlpha", "The weight of new measurements in KCL's moving average, from 0 to 1."),
    text(
        "staleWorkerMetricsEntryCleanupDuration", "The age at which KCL deletes measurements of workers that are gone."
    ),
)

_TABLES = (
    text("tableName", "The name of the lease table. Default: applicationName."),
    text("coordinatorStateTableName", "The coordinator table. Default: applicationName and -CoordinatorState."),
    text("workerMetricsTableName", "The metrics table. Default: applicationName and -WorkerMetricStats."),
    integer(
        "initialLeaseTableReadCapacity",
        "KCL's read capacity for a lease table that it creates. The worker creates the table itself, on demand.",
        minimum=1,
    ),
    integer(
        "initialLeaseTableWriteCapacity",
        "KCL's write capacity for a lease table that it creates. The worker creates the table itself, on demand.",
        minimum=1,
    ),
    flag("leaseTableDeletionProtectionEnabled", "Whether the lease table is created with deletion protection."),
    flag("leaseTablePitrEnabled", "Whether KCL creates the lease table with point-in-time recovery."),
    choice(
        "coordinatorStateBillingMode", "How the coordinator table is billed. Default: PAY_PER_REQUEST.", BillingMode
    ),
    integer(
        "coordinatorStateReadCapacity", "Read capacity units if the coordinator table is PROVISIONED. Default: 10."
    ),
    integer(
        "coordinatorStateWriteCapacity", "Write capacity units if the coordinator table is PROVISIONED. Default: 10."
    ),
    flag(
        "coordinatorStatePointInTimeRecoveryEnabled",
        "Whether KCL creates the coordinator table with point-in-time recovery.",
    ),
    flag(
        "coordinatorStateDeletionProtectionEnabled",
        "Whether the coordinator table is created with deletion protection.",
    ),
    choice("workerMetricsBillingMode", "How the metrics table is billed. Default: PAY_PER_REQUEST.", BillingMode),
    integer("workerMetricsReadCapacity", "Read capacity units if the metrics table is PROVISIONED. Default: 10."),
    integer("workerMetricsWriteCapacity", "Write capacity units if the metrics table is PROVISIONED. Default: 10."),
    flag(
        "workerMetricsPointInTimeRecoveryEnabled", "Whether KCL creates the metrics table with point-in-time recovery."
    ),
    flag("workerMetricsDeletionProtectionEnabled", "Whether the metrics table is created with deletion protection."),
)

_CLOUDWATCH = (
    # KCL's default is DETAILED: several paid metrics a shard.
    choice(
        "metricsLevel",
        "What KCL sends to CloudWatch. KCL's own default, DETAILED, is several paid metrics per shard.",
        MetricsLevel,
        MetricsLevel.NONE,
    ),
    integer("metricsBufferTimeMillis", "How long KCL collects metrics before it sends them, in milliseconds."),
    integer("metricsMaxQueueSize", "How many metrics KCL collects at most before it sends them."),
    text("metricsEnabledDimensions", "The dimensions of KCL's metrics, separated by commas."),
)

SECTIONS = {
    "Reading": _READING,
    "Worker": _WORKER,
    "Leases": _LEASES,
    "KCL's tables": _TABLES,
    "CloudWatch": _CLOUDWATCH,
}
"""The keys by what they are about, in the order in which the reference has them."""

_KEYS = tuple(key for section in SECTIONS.values() for key in section)
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

__all__ = ["BY_ENVIRONMENT", "ENVIRONMENT_PREFIX", "KEYS", "NOT_HERE", "REQUIRED", "SECTIONS", "PropertyKey"]
