package recordprocessor.startup;

import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.kclpatches.ConfiguredStreams;
import software.amazon.kinesis.common.StreamConfig;
import software.amazon.kinesis.common.StreamIdentifier;
import software.amazon.kinesis.coordinator.DeletedStreamListProvider;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.MultiStreamLease;
import software.amazon.kinesis.lifecycle.TaskResult;
import software.amazon.kinesis.metrics.NullMetricsFactory;

/**
 * Writes the leases of a stream that has none yet, before the scheduler runs.
 *
 * <p>KCL would do it too, but first waits a random time of up to 30 s for another worker to do it. Two workers that
 * start together both do it here; the conditional write of each lease makes that harmless.
 */
public final class FirstShardSync {
    private static final Logger LOG = LoggerFactory.getLogger(FirstShardSync.class);

    private FirstShardSync() {}

    public static void run(Scheduler scheduler) throws Exception {
        List<Lease> known = scheduler.leaseCoordinator().leaseRefresher().listLeases();
        new ConfiguredStreams(scheduler.retrievalConfig().streamTracker()).warnOfOthers(known);
        List<String> streamsWithLeases = known.stream()
                .filter(MultiStreamLease.class::isInstance)
                .map(lease -> ((MultiStreamLease) lease).streamIdentifier())
                .collect(Collectors.toList());
        for (StreamConfig stream : scheduler.retrievalConfig().streamTracker().streamConfigList()) {
            StreamIdentifier identifier = stream.streamIdentifier();
            boolean hasLeases = scheduler.retrievalConfig().streamTracker().isMultiStream()
                    ? streamsWithLeases.contains(identifier.serialize())
                    : !known.isEmpty();
            if (!hasLeases) {
                sync(scheduler, stream);
            }
        }
    }

    private static void sync(Scheduler scheduler, StreamConfig stream) {
        TaskResult result = scheduler
                .leaseManagementConfig()
                .leaseManagementFactory()
                .createShardSyncTaskManager(new NullMetricsFactory(), stream, new DeletedStreamListProvider())
                .callShardSyncTask();
        if (result.getException() != null) {
            // Not fatal: the scheduler's own sync follows, only later.
            LOG.warn("first shard sync of {} failed", stream.streamIdentifier(), result.getException());
        }
    }
}
