"""Every property that a user may write: KCL's, under KCL's names, and ours.

KCL ignores names that it does not know, so a misspelt property would silently have no effect. Here every property is
listed, with its type and description; anything else is rejected, and so are properties of KCL that would have no
effect.
"""

from __future__ import annotations

from record_processor.config.lease_properties import LEASES
from record_processor.config.property_key import ENVIRONMENT_PREFIX, PropertyKey
from record_processor.config.reading_properties import READING
from record_processor.config.table_properties import TABLES
from record_processor.config.worker_properties import CLOUDWATCH, WORKER

SECTIONS = {
    "Reading": READING,
    "Worker": WORKER,
    "Leases": LEASES,
    "KCL's tables": TABLES,
    "CloudWatch": CLOUDWATCH,
}
"""The properties by topic, in the order of the reference."""

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
    "validateSequenceNumberBeforeCheckpointing": "KCL 3 does not read it",
    "listShardsBackoffTimeInMillis": "the DynamoDB Streams adapter lists shards in its own way",
    "maxListShardsRetryAttempts": "the DynamoDB Streams adapter lists shards in its own way",
    "initialLeaseTableReadCapacity": "the worker creates the lease table itself, billed per request",
    "initialLeaseTableWriteCapacity": "the worker creates the lease table itself, billed per request",
    "maxLeasesToStealAtOneTime": "the leader of KCL 3 assigns leases; workers do not take them from each other",
    "enablePriorityLeaseAssignment": "the leader of KCL 3 assigns leases; workers do not take them from each other",
}
"""Properties that KCL knows and that would have no effect here, or a harmful one, with the reason."""

__all__ = ["BY_ENVIRONMENT", "ENVIRONMENT_PREFIX", "KEYS", "NOT_HERE", "REQUIRED", "SECTIONS", "PropertyKey"]
