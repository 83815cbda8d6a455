package recordprocessor.kclpatches;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leader.DynamoDBLockBasedLeaderDecider;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/**
 * How long the lock of the worker that leads lives without a heartbeat: as long as a lease at most, and not KCL's two
 * minutes.
 *
 * <p>Only the leader assigns leases, so the shards of a leader that died wait for its lock. A lock that lives too short
 * does no harm but a change of leaders: each assignment is a conditional write, whoever makes it.
 *
 * <p>KCL has settings for it from 3.2 on. Before, its constants stand in a package-private method that is called through
 * a supplier; the supplier is replaced. Where neither is found, KCL's own times stay, and a warning says so.
 */
public record LeaderLock(long leaseMillis, long heartbeatMillis) {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderLock.class);
    private static final long SHORTEST_HEARTBEAT_MILLIS = 300;
    private static final long LONGEST_HEARTBEAT_MILLIS = 1000;
    // The lock client wants at least three; the fourth is for a slow answer.
    private static final int HEARTBEATS_OF_A_LEASE = 4;

    /** The times that go with the time in which a lease runs out. */
    public static LeaderLock within(long failoverTimeMillis) {
        long heartbeat =
                Math.max(SHORTEST_HEARTBEAT_MILLIS, Math.min(LONGEST_HEARTBEAT_MILLIS, failoverTimeMillis / 10));
        return new LeaderLock(Math.max(HEARTBEATS_OF_A_LEASE * heartbeat, failoverTimeMillis / 2), heartbeat);
    }

    /** Before the scheduler is built: KCL 3.2 and newer. */
    public boolean configure(LeaseManagementConfig leases) {
        try {
            set(leases, "dynamoDbLockBasedLeaderLeaseDurationInMillis", leaseMillis);
            set(leases, "dynamoDbLockBasedLeaderHeartbeatPeriodInMillis", heartbeatMillis);
            return true;
        } catch (ReflectiveOperationException older) {
            return false;
        }
    }

    /** After it is built and before it runs: KCL 3.0 and 3.1. */
    public void install(Scheduler scheduler) {
        try {
            Object components = KclFields.get(scheduler, "migrationComponentsInitializer");
            Object coordinatorState = KclFields.get(components, "coordinatorStateDAO");
            Object workerId = KclFields.get(components, "workerIdentifier");
            Field metrics = KclFields.field(components.getClass(), "metricsFactory");
            Object metricsFactory = metrics.get(components);
            Method create = DynamoDBLockBasedLeaderDecider.class.getDeclaredMethod(
                    "create", coordinatorState.getClass(), String.class, Long.class, Long.class, metrics.getType());
            create.setAccessible(true);
            Supplier<Object> decider = () -> {
                try {
                    return create.invoke(null, coordinatorState, workerId, leaseMillis, heartbeatMillis, metricsFactory);
                } catch (ReflectiveOperationException error) {
                    throw new IllegalStateException(error);
                }
            };
            KclFields.set(components, "ddbLockBasedLeaderDeciderCreator", decider);
        } catch (ReflectiveOperationException | RuntimeException error) {
            LOG.warn("this KCL keeps its own times of the leader's lock: a dead leader's shards wait up to two minutes", error);
        }
    }

    private static void set(LeaseManagementConfig leases, String name, long value) throws ReflectiveOperationException {
        LeaseManagementConfig.class.getMethod(name, long.class).invoke(leases, value);
    }
}
