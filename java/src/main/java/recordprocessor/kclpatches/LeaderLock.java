package recordprocessor.kclpatches;

import java.lang.reflect.Method;
import java.util.function.Supplier;
import software.amazon.kinesis.coordinator.DynamicMigrationComponentsInitializer;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leader.DynamoDBLockBasedLeaderDecider;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.metrics.MetricsFactory;

/**
 * How long the leader's lock lives without a heartbeat: at most as long as a lease, and not KCL's two minutes.
 *
 * <p>Only the leader assigns leases, so the shards of a leader that died wait for its lock. A lock that lives too short
 * only causes a change of leaders: each assignment is a conditional write, whoever makes it.
 *
 * <p>KCL has settings for it from 3.2 on. Before, its constants are in a package-private method that is called through
 * a supplier; the supplier is replaced.
 */
public record LeaderLock(long leaseMillis, long heartbeatMillis) {
    private static final long SHORTEST_HEARTBEAT_MILLIS = 300;
    private static final long LONGEST_HEARTBEAT_MILLIS = 1000;
    // The lock client wants at least three; the fourth is for a slow answer.
    private static final int HEARTBEATS_OF_A_LEASE = 4;

    private static final KclField<Object> COMPONENTS = new KclField<>(Scheduler.class, "migrationComponentsInitializer");
    private static final KclField<Object> COORDINATOR_STATE = component("coordinatorStateDAO");
    private static final KclField<String> WORKER_ID = component("workerIdentifier");
    private static final KclField<MetricsFactory> METRICS = component("metricsFactory");
    private static final KclField<Supplier<Object>> DECIDER = component("ddbLockBasedLeaderDeciderCreator");

    private static <T> KclField<T> component(String name) {
        return new KclField<>(DynamicMigrationComponentsInitializer.class, name);
    }

    /** Returns the times that fit the time in which a lease expires. */
    public static LeaderLock within(long failoverTimeMillis) {
        long heartbeat =
                Math.max(SHORTEST_HEARTBEAT_MILLIS, Math.min(LONGEST_HEARTBEAT_MILLIS, failoverTimeMillis / 10));
        return new LeaderLock(Math.max(HEARTBEATS_OF_A_LEASE * heartbeat, failoverTimeMillis / 2), heartbeat);
    }

    /** Sets them before the scheduler is built: KCL 3.2 and newer. */
    public boolean configure(LeaseManagementConfig leases) {
        try {
            set(leases, "dynamoDbLockBasedLeaderLeaseDurationInMillis", leaseMillis);
            set(leases, "dynamoDbLockBasedLeaderHeartbeatPeriodInMillis", heartbeatMillis);
            return true;
        } catch (ReflectiveOperationException older) {
            return false;
        }
    }

    /** Sets them after it is built and before it runs: KCL 3.0 and 3.1. */
    void install(Scheduler scheduler) throws ReflectiveOperationException {
        Object components = COMPONENTS.get(scheduler);
        Object coordinatorState = COORDINATOR_STATE.get(components);
        String workerId = WORKER_ID.get(components);
        MetricsFactory metrics = METRICS.get(components);
        Method create = create();
        DECIDER.set(components, () -> {
            try {
                return create.invoke(null, coordinatorState, workerId, leaseMillis, heartbeatMillis, metrics);
            } catch (ReflectiveOperationException error) {
                throw new IllegalStateException(error);
            }
        });
    }

    /** KCL's own method for creating its decider, which its constants go through. */
    static Method create() throws ReflectiveOperationException {
        Method create = DynamoDBLockBasedLeaderDecider.class.getDeclaredMethod(
                "create", COORDINATOR_STATE.find().getType(), String.class, Long.class, Long.class, MetricsFactory.class);
        create.setAccessible(true);
        return create;
    }

    private static void set(LeaseManagementConfig leases, String name, long value) throws ReflectiveOperationException {
        LeaseManagementConfig.class.getMethod(name, long.class).invoke(leases, value);
    }
}
