"""The differences of the next KCL that were looked at, each with what it means.

A difference that is not here fails the check, and so does one that is here and is gone. What follows for each of our
classes is in docs/how-to/upgrade-kcl.md.
"""

_METRICS_MOVED = "the leader reads the workers' reports through MigrationAwareLAMDataManager, from one table or two"
_SYNCER = "why KCL stays: its scheduler calls this one, which makes no shard syncer of the adapter's"
_LOCK_SETTINGS = "LeaderLock has the settings of 3.2 and newer, and looks for this only where those are not there"
_LOCK_CLIENTS = "the lock clients are made by a delegate of CoordinatorStateDAO for each table, and read as often"
_LOCK_MOVED = (
    "the constant is elsewhere; the item is the same until the tables are merged into one, then it is a lease's"
)

KNOWN = {
    "LiveWorkers.java: compiler.err.cant.apply.symbol kindname.constructor WorkerMetricStatsDAO": _METRICS_MOVED,
    "LiveWorkers uses WorkerMetricStatsDAO.<init>(DynamoDbAsyncClient, LeaseManagementConfig$WorkerMetricsTableConfig,"
    " Long), which is not there": _METRICS_MOVED,
    "PacedDiscovery.java: compiler.err.cant.apply.symbol kindname.constructor WorkerMetricStatsDAO": _METRICS_MOVED,
    "PacedDiscovery uses WorkerMetricStatsDAO.<init>(DynamoDbAsyncClient,"
    " LeaseManagementConfig$WorkerMetricsTableConfig, Long), which is not there": _METRICS_MOVED,
    "LeaderView: LeaseAssignmentManager has no field workerMetricsDAO, or of another type": _METRICS_MOVED,
    "LiveWorkers: LeaseAssignmentManager$InMemoryStorageView does not call getAllWorkerMetricStats": _METRICS_MOVED,
    "ConfiguredStreams: LeaseAssignmentManager$InMemoryStorageView does not call listLeasesParallely": "leases come to"
    " the leader with the workers' reports, by EntityDAO.scanEntities",
    "DynamoDBStreamsLeaseManagementFactory does not override the new DynamoDBLeaseManagementFactory"
    ".createShardSyncTaskManager(MetricsFactory, StreamConfig, DeletedStreamListProvider, StreamInfoManager)": _SYNCER,
    "LeaderLock: DynamicMigrationComponentsInitializer has no field coordinatorStateDAO,"
    " or of another type": _LOCK_SETTINGS,
    "LeaderLock: DynamoDBLockBasedLeaderDecider has no method create, or of another type": _LOCK_SETTINGS,
    "SharedLockReads: DynamicMigrationComponentsInitializer has no field coordinatorStateDAO,"
    " or of another type": _LOCK_CLIENTS,
    "SharedLockReads: CoordinatorStateDAO has no field dynamoDbSyncClient, or of another type": _LOCK_CLIENTS,
    "LockTable: CoordinatorState has no text key, or of another type": _LOCK_MOVED,
    "LockTable: CoordinatorState has no text Leader, or of another type": _LOCK_MOVED,
}
