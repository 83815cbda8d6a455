package recordprocessor.kclpatches;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.leases.LeaseRefresher;

/**
 * What the leader believes of the others: which workers live ({@link LiveWorkers}), how long it has watched their leases
 * without seeing a renewal ({@link WatchedTime}), which leases there are to deal out ({@link ConfiguredStreams}), and
 * which handoffs do not end ({@link StuckHandoffs}).
 *
 * <p>KCL makes the leader's part only when the scheduler runs; here it gets all of them as soon as it is made.
 */
public final class LeaderView {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderView.class);
    // A round is an interval and what the tables take; what is longer than two was no watching.
    private static final int INTERVALS_OF_A_LOOK = 2;

    private LeaderView() {}

    public static void install(Scheduler scheduler, LeaseManagementConfig config, ConfiguredStreams streams) {
        try {
            Object components = KclFields.get(scheduler, "migrationComponentsInitializer");
            BiFunction<Object, Object, Object> create = KclFields.get(components, "lamCreator");
            BiFunction<Object, Object, Object> createAndGive = (threads, leaderDecider) -> {
                Object assignment = create.apply(threads, leaderDecider);
                giveTo(assignment, config, streams);
                return assignment;
            };
            KclFields.set(components, "lamCreator", createAndGive);
        } catch (ReflectiveOperationException | RuntimeException error) {
            warn(error);
        }
    }

    private static void giveTo(Object assignment, LeaseManagementConfig config, ConfiguredStreams streams) {
        long longestLookMillis = INTERVALS_OF_A_LOOK * config.leaseAssignmentIntervalMillis();
        try {
            WatchedTime time = new WatchedTime(longestLookMillis, System::nanoTime);
            LeaseRefresher table = streams.only(KclFields.get(assignment, "leaseRefresher"));
            Map<String, Lease> lastSeen = KclFields.get(assignment, "prevRunLeasesState");
            StuckHandoffs stuck = new StuckHandoffs(
                    lastSeen::values,
                    table,
                    TimeUnit.MILLISECONDS.toNanos(config.failoverTimeMillis()),
                    time);
            KclFields.set(assignment, "leaseRefresher", table);
            KclFields.set(assignment, "nanoTimeProvider", time);
            KclFields.set(assignment, "workerMetricsDAO", new LiveWorkers(config, stuck::look));
        } catch (ReflectiveOperationException | RuntimeException error) {
            warn(error);
        }
    }

    private static void warn(Exception error) {
        LOG.warn(
                "this KCL compares the clocks of its workers, which must agree within a second, and takes leases away"
                        + " that could not be renewed because the lease table was away",
                error);
    }
}
