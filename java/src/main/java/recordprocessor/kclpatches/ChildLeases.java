package recordprocessor.kclpatches;

import java.util.Map;
import java.util.function.Function;
import software.amazon.kinesis.common.StreamConfig;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.HierarchicalShardSyncer;
import software.amazon.kinesis.leases.ShardSyncTaskManager;

/**
 * Has the leases of child shards written at their parent's end, with several streams too.
 *
 * <p>The adapter's shard syncer (2.0.1; fixed in 2.1.1) does not tell its superclass that there are several streams. So
 * at the end of a shard KCL makes a child shard's lease in the wrong form, cannot write it, and retries until the
 * periodic sync, minutes later, has written the right one. Here the superclass is told, before the scheduler runs.
 */
final class ChildLeases {
    private static final KclField<Map<StreamConfig, ShardSyncTaskManager>> MANAGERS =
            new KclField<>(Scheduler.class, "streamToShardSyncTaskManagerMap");
    private static final KclField<Function<StreamConfig, ShardSyncTaskManager>> PROVIDER =
            new KclField<>(Scheduler.class, "shardSyncTaskManagerProvider");
    private static final KclField<Boolean> IS_MULTI_STREAM =
            new KclField<>(HierarchicalShardSyncer.class, "isMultiStreamMode");

    private ChildLeases() {}

    static void repair(Scheduler scheduler) throws ReflectiveOperationException {
        if (!scheduler.retrievalConfig().streamTracker().isMultiStream()) {
            return;
        }
        Map<StreamConfig, ShardSyncTaskManager> managers = MANAGERS.get(scheduler);
        Function<StreamConfig, ShardSyncTaskManager> provider = PROVIDER.get(scheduler);
        for (StreamConfig stream : scheduler.retrievalConfig().streamTracker().streamConfigList()) {
            ShardSyncTaskManager manager = provider.apply(stream);
            IS_MULTI_STREAM.set(manager.hierarchicalShardSyncer(), true);
            managers.put(stream, manager);
        }
    }
}
