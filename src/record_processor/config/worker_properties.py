"""The properties of one worker: its actions, its log, its JVM and its limits; and what it sends to CloudWatch."""

from __future__ import annotations

from record_processor.config.choices import LogFormat, LogLevel, MetricsFormat, MetricsLevel, Tracing, WarmParent
from record_processor.config.property_key import PropertyKey, choice, flag, integer, text

WORKER = (
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
    choice(
        "warmParent",
        "With on, one process imports what the actions need, and shard processes are forked from it: they start at "
        "once and share memory. With off, each is a program of its own, for libraries that do not bear a fork.",
        WarmParent,
        WarmParent.ON,
        ours=True,
    ),
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
        "reportIntervalMillis",
        "How often a worker writes what it does to the coordinator table, where record-processor status finds it, in "
        "milliseconds. That costs a write unit per kilobyte; a report in which nothing has changed is written every "
        "10 s. 0: never.",
        1_500,
        ours=True,
    ),
    integer(
        "metricsPort",
        "The port at which the worker shows metrics for Prometheus (/metrics), its health (/healthz, /readyz) and its "
        "status (/status.json), without authentication. Each worker of a host needs a port of its own. 0: nowhere.",
        0,
        maximum=65_535,
        ours=True,
    ),
    text(
        "metricsAddress",
        "The address that metricsPort listens on: this host alone, unless you write another one, such as 0.0.0.0.",
        "127.0.0.1",
        ours=True,
    ),
    choice(
        "metricsFormat",
        "Where the worker's metrics are: at metricsPort alone (prometheus), or once a minute in the log as well, from "
        "which CloudWatch makes metrics (emf, its embedded metric format; needs logFormat = json).",
        MetricsFormat,
        MetricsFormat.PROMETHEUS,
        ours=True,
    ),
    flag(
        "metricsPerShard",
        "Whether /metrics has lag, blocks and restarts of each shard, too: five time series per shard.",
        default=False,
        ours=True,
    ),
    choice(
        "tracing",
        "With otel, each call of an action is a span, which OpenTelemetry sends over OTLP/HTTP, and messages carry its "
        "context (traceparent). Needs the extra otel. OpenTelemetry's own environment variables say where spans go and "
        "how many are kept: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER and so on.",
        Tracing,
        Tracing.OFF,
        ours=True,
    ),
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
)

CLOUDWATCH = (
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
