"""The template of `worker.properties` for production, each property below its description.

`python -m docs_site.template > properties/worker.properties` writes it.
"""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

from record_processor.config.property_schema import KEYS, REQUIRED

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 120
_OPENING = """# A template for production: the properties that matter, each with its default. Uncomment what you change.
# Every property can also be set by an environment variable (failoverTimeMillis is
# RECORD_PROCESSOR_FAILOVER_TIME_MILLIS) and by --set failoverTimeMillis=20000, which comes first.
# Unknown properties are refused. All properties: docs/reference/properties.md on the documentation site.
"""
_EXAMPLES = {
    "applicationName": "orders-worker",
    "streamName": "Orders",
    "regionName": "us-east-1",
    "kinesisEndpoint": "http://localhost:8000",
    "dynamoDBEndpoint": "http://localhost:8000",
    "workerId": "host-1",
    "idleTimeBetweenReadsInMillis": "1000",
}
"""The example for a property without a default."""
_SECTIONS = {
    "What to read": (
        "applicationName",
        "streamName",
        "regionName",
        "initialPositionInStream",
        "AwsCredentialsProvider",
        "kinesisEndpoint",
        "dynamoDBEndpoint",
    ),
    "What to do with each change": ("actionsFile", "checkpointIntervalMillis"),
    "This worker": (
        "workerId",
        "jvmOptions",
        "warmParent",
        "logFormat",
        "logLevel",
        "kclLogLevel",
        "shutdownGraceMillis",
        "stuckAfterMillis",
        "reportIntervalMillis",
        "metricsPort",
        "metricsAddress",
        "metricsFormat",
        "metricsPerShard",
        "tracing",
    ),
    "Reading": (
        "maxRecords",
        "pollingProfile",
        "idleTimeBetweenReadsInMillis",
        "callProcessRecordsEvenForEmptyRecordList",
        "trimmedData",
        "trimWarningMinutes",
        "streamCheckIntervalMillis",
        "parentShardPollIntervalMillis",
    ),
    "Leases": (
        "failoverTimeMillis",
        "maxLeaseRenewalThreads",
        "balanceLeasesBy",
        "leaseAssignmentIntervalMillis",
        "workerMetricsReporterFreqInMillis",
        "inMemoryWorkerMetricsCaptureFrequencyMillis",
        "streamMode",
    ),
    "CloudWatch": ("metricsLevel",),
}


def template() -> str:
    """Return the whole file."""
    return "\n".join((_OPENING, *_lines()))


def _lines() -> Iterator[str]:
    for title, names in _SECTIONS.items():
        yield f"# --- {title} ".ljust(_WIDTH, "-") + "\n"
        for name in names:
            yield _property(name)


def _property(name: str) -> str:
    key, required = KEYS[name], name in REQUIRED
    words = key.description
    if key.kind == "choice":
        words += f" One of {', '.join(key.choices)}."
    if required:
        words += " Required."
    comment = textwrap.fill(words, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_long_words=False)
    value = key.default if key.default is not None else _EXAMPLES[name]
    return f"{comment}\n{'' if required else '#'}{name} = {value}\n"


if __name__ == "__main__":
    sys.stdout.write(template())
