"""The properties whose value is one of a few words: each an enumeration of the words."""

from __future__ import annotations

import enum


class InitialPosition(enum.Enum):
    """`initialPositionInStream`."""

    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"


class TrimmedData(enum.Enum):
    """`trimmedData`: what a shard does after DynamoDB has trimmed records that were not read."""

    CONTINUE = "continue"
    STOP = "stop"


class PollingProfile(enum.Enum):
    """`pollingProfile`: how often a shard is read, as low latency costs reads."""

    LOW_LATENCY = "low-latency"
    BALANCED = "balanced"
    LOW_COST = "low-cost"

    @property
    def idle_millis(self) -> int:
        """The pause between two calls on a shard; it doubles while the shard is empty."""
        return _IDLE_MILLIS[self]


# At most five calls per second and shard are allowed, and other readers of the stream need some of them.
_IDLE_MILLIS = {PollingProfile.LOW_LATENCY: 250, PollingProfile.BALANCED: 1_000, PollingProfile.LOW_COST: 5_000}


class WarmParent(enum.Enum):
    """`warmParent`: whether shard processes are forked."""

    ON = "on"
    OFF = "off"


class StreamMode(enum.Enum):
    """`streamMode`: the form of the leases' keys."""

    AUTO = "auto"
    SINGLE = "single"
    MULTI = "multi"


class BalanceLeasesBy(enum.Enum):
    """`balanceLeasesBy`: what the leader evens out."""

    NUMBER = "number"
    TRAFFIC = "traffic"


class LogFormat(enum.Enum):
    """`logFormat`."""

    TEXT = "text"
    JSON = "json"


class LogLevel(enum.Enum):
    """`logLevel` and `kclLogLevel`."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class BillingMode(enum.Enum):
    """How DynamoDB bills one of KCL's tables."""

    PAY_PER_REQUEST = "PAY_PER_REQUEST"
    PROVISIONED = "PROVISIONED"


class MetricsFormat(enum.Enum):
    """`metricsFormat`: where a worker's own metrics are."""

    PROMETHEUS = "prometheus"
    """At `metricsPort`, if that is set."""
    EMF = "emf"
    """In the log as well."""


class Tracing(enum.Enum):
    """`tracing`: whether calls of actions are traced."""

    OFF = "off"
    OTEL = "otel"
    """With OpenTelemetry."""


class MetricsLevel(enum.Enum):
    """`metricsLevel`: what KCL sends to CloudWatch."""

    NONE = "NONE"
    SUMMARY = "SUMMARY"
    DETAILED = "DETAILED"
