"""What our Java knows of KCL by its name alone, so that no compiler says when it goes.

The private fields are all that there are: `test_next_kcl.py` compares them with the sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.next_kcl.differences import short

if TYPE_CHECKING:
    from tests.next_kcl.class_path import ClassPath

_KCL = "software/amazon/kinesis/"
_SCHEDULER = _KCL + "coordinator/Scheduler"
_COMPONENTS = _KCL + "coordinator/DynamicMigrationComponentsInitializer"
_ASSIGNMENT = _KCL + "coordinator/assignment/LeaseAssignmentManager"
_LOADING = _ASSIGNMENT + "$InMemoryStorageView"
_COORDINATOR = _KCL + "leases/dynamodb/DynamoDBLeaseCoordinator"
_DISCOVERER = _KCL + "leases/dynamodb/DynamoDBLeaseDiscoverer"
_RENEWER = _KCL + "leases/dynamodb/DynamoDBLeaseRenewer"
_REFRESHER = _KCL + "leases/dynamodb/DynamoDBLeaseRefresher"
_SERIALIZER = _KCL + "leases/dynamodb/DynamoDBLeaseSerializer"
_CONSUMER = _KCL + "lifecycle/ShardConsumer"
_PREFETCH = _KCL + "retrieval/polling/PrefetchRecordsPublisher"
_SYNCER = _KCL + "leases/HierarchicalShardSyncer"
_DECIDER = _KCL + "leader/DynamoDBLockBasedLeaderDecider"
_STATE = _KCL + "coordinator/CoordinatorState"
_STATE_TABLE = _KCL + "coordinator/CoordinatorStateDAO"
_METRICS = _KCL + "worker/metricstats/WorkerMetricStats"


class Name(NamedTuple):
    """A name of KCL's that the class `ours` relies on; `name` is a field, a method or a text, as `kind` says."""

    ours: str
    owner: str
    name: str
    kind: str = "field"


NAMES = [
    Name("LeaderLock", _SCHEDULER, "migrationComponentsInitializer"),
    Name("LeaderLock", _COMPONENTS, "coordinatorStateDAO"),
    Name("LeaderLock", _COMPONENTS, "workerIdentifier"),
    Name("LeaderLock", _COMPONENTS, "metricsFactory"),
    Name("LeaderLock", _COMPONENTS, "ddbLockBasedLeaderDeciderCreator"),
    Name("LeaderLock", _DECIDER, "create", "method"),
    Name("LeaderView", _SCHEDULER, "migrationComponentsInitializer"),
    Name("LeaderView", _COMPONENTS, "lamCreator"),
    Name("LeaderView", _ASSIGNMENT, "leaseRefresher"),
    Name("LeaderView", _ASSIGNMENT, "prevRunLeasesState"),
    Name("LeaderView", _ASSIGNMENT, "nanoTimeProvider"),
    Name("LeaderView", _ASSIGNMENT, "workerMetricsDAO"),
    Name("ChildLeases", _SCHEDULER, "streamToShardSyncTaskManagerMap"),
    Name("ChildLeases", _SCHEDULER, "shardSyncTaskManagerProvider"),
    Name("ChildLeases", _SYNCER, "isMultiStreamMode"),
    Name("FirstReport", _SCHEDULER, "migrationComponentsInitializer"),
    Name("FullQueues", _CONSUMER, "recordsPublisher"),
    Name("FullQueues", _PREFETCH, "awaitTerminationTimeoutMillis"),
    Name("LateLeases", _COORDINATOR, "leaseRenewer"),
    Name("LateLeases", _RENEWER, "leaseDurationNanos"),
    Name("EvenLeases", _COORDINATOR, "leaseRenewer"),
    Name("EvenLeases", _RENEWER, "leaseStatsRecorder"),
    Name("HeldLeases", _COORDINATOR, "leaseRenewer"),
    Name("HeldLeases", _COORDINATOR, "leaseDiscoverer"),
    Name("HeldLeases", _DISCOVERER, "leaseRenewer"),
    Name("HeldLeases", _RENEWER, "leaseRefresher"),
    Name("HeldLeases", _RENEWER, "leaseStatsRecorder"),
    Name("HeldLeases", _RENEWER, "leaseGracefulShutdownCallback"),
    Name("HeldLeases", _RENEWER, "metricsFactory"),
    Name("PacedDiscovery", _SCHEDULER, "migrationComponentsInitializer"),
    Name("PacedDiscovery", _COMPONENTS, "workerMetricsDAO"),
    Name("PacedDiscovery", _COORDINATOR, "leaseDiscoverer"),
    Name("PacedDiscovery", _COORDINATOR, "leaseDiscovererIntervalMillis"),
    Name("PacedDiscovery", _COORDINATOR, "leaseRefresher"),
    Name("SharedLockReads", _SCHEDULER, "migrationComponentsInitializer"),
    Name("SharedLockReads", _COMPONENTS, "coordinatorStateDAO"),
    Name("SharedLockReads", _STATE_TABLE, "dynamoDbSyncClient"),
    # The method of the leader's view that hides leases, called through a proxy; and what the leader asks.
    Name("ConfiguredStreams", _REFRESHER, "listLeasesParallely", "method"),
    Name("ConfiguredStreams", _LOADING, "listLeasesParallely", "call"),
    Name("LiveWorkers", _LOADING, "getAllWorkerMetricStats", "call"),
    # Items and attributes of KCL's tables that are read or written here without KCL.
    Name("LeaderWatch", _REFRESHER, "LeaseOwnerToLeaseKeyIndex", "text"),
    Name("LeaderWatch", _SERIALIZER, "leaseKey", "text"),
    Name("LeaderWatch", _SERIALIZER, "leaseOwner", "text"),
    Name("LeaderWatch", _SERIALIZER, "leaseCounter", "text"),
    Name("LockTable", _STATE, "key", "text"),
    Name("LockTable", _STATE, "Leader", "text"),
    Name("AssignmentNotes", _METRICS, "wid", "text"),
    Name("AssignmentNotes", _ASSIGNMENT, "assignLease", "call"),
    Name("ShutdownHandoff", _METRICS, "wid", "text"),
    # Lines that are not shown.
    Name("FalseAlarms", _KCL + "coordinator/PeriodicShardSyncManager", "Incomplete hash range found", "text"),
    Name("FalseAlarms", _KCL + "coordinator/PeriodicShardSyncManager", "No leases with valid hashranges found", "text"),
    Name("FalseAlarms", _SYNCER, "Incomplete hash range found", "text"),
    Name("FalseAlarms", _SCHEDULER, "Shutdown requested a second time", "text"),
]


def lost(today: ClassPath, then: ClassPath) -> set[str]:
    """What would not be there then, or would be of another type; a difference is a line."""
    return {line for name in NAMES if (line := _lost(name, today, then))}


def missing(path: ClassPath) -> list[Name]:
    """Return names that a class path does not have: for today's KCL there are none, or the table is wrong."""
    return [name for name in NAMES if not _types(name, path)]


def _lost(name: Name, today: ClassPath, then: ClassPath) -> str | None:
    gone = _types(name, today) - _types(name, then)
    if not gone:
        return None
    if name.kind == "call":
        return f"{name.ours}: {short(name.owner)} does not call {name.name}"
    return f"{name.ours}: {short(name.owner)} has no {name.kind} {name.name}, or of another type"


def _types(name: Name, path: ClassPath) -> set[str]:
    """Return the types under which an owner has a name; a text or a call has no type."""
    owner = path.find(name.owner)
    if owner is None:
        return set()
    if name.kind == "text":
        return {""} if any(text.startswith(name.name) for text in owner.texts) else set()
    if name.kind == "call":
        return {""} if any(member.name == name.name for _, member in owner.references) else set()
    members = owner.fields if name.kind == "field" else owner.methods
    return {member.descriptor for member in members if member.name == name.name}
