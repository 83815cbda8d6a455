package recordprocessor.kclpatches;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.kinesis.common.StreamConfig;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.HierarchicalShardSyncer;
import software.amazon.kinesis.leases.ShardSyncTaskManager;

/**
 * Has the leases of a shard's children written at its end, with several streams too.
 *
 * <p>The adapter's shard syncer (2.0.1; mended in 2.1.1) does not tell its superclass that there are several streams. So
 * at the end of a shard KCL makes a child's lease of the wrong form, cannot write it, and tries again and again until
 * the periodic sync, minutes later, has written the right one. Here the superclass is told, before the scheduler runs.
 */
public final class ChildLeases {
    private static final Logger LOG = LoggerFactory.getLogger(ChildLeases.class);

    private ChildLeases() {}

    public static void repair(Scheduler scheduler) {
        if (!scheduler.retrievalConfig().streamTracker().isMultiStream()) {
            return;
        }
        try {
            Map<StreamConfig, ShardSyncTaskManager> managers = KclFields.get(scheduler, "streamToShardSyncTaskManagerMap");
            Function<StreamConfig, ShardSyncTaskManager> provider = KclFields.get(scheduler, "shardSyncTaskManagerProvider");
            for (StreamConfig stream : scheduler.retrievalConfig().streamTracker().streamConfigList()) {
                managers.put(stream, repaired(provider.apply(stream)));
            }
        } catch (ReflectiveOperationException | RuntimeException error) {
            LOG.warn("cannot look after the leases of child shards; with adapters before 2.1.1 they come late", error);
        }
    }

    private static ShardSyncTaskManager repaired(ShardSyncTaskManager manager) throws ReflectiveOperationException {
        Field multiStream = KclFields.field(HierarchicalShardSyncer.class, "isMultiStreamMode");
        HierarchicalShardSyncer syncer = manager.hierarchicalShardSyncer();
        if (!multiStream.getBoolean(syncer)) {
            multiStream.setBoolean(syncer, true);
        }
        return manager;
    }
}
