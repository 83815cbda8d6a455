package recordprocessor.kclpatches;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import software.amazon.kinesis.coordinator.DynamicMigrationComponentsInitializer;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.coordinator.assignment.LeaseAssignmentManager;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.worker.metricstats.WorkerMetricStatsDAO;

/**
 * What the leader believes about the others: which workers live ({@link LiveWorkers}), how long it has watched their
 * leases without seeing a renewal ({@link WatchedTime}), which leases there are to assign ({@link ConfiguredStreams}),
 * and which handoffs do not end ({@link StuckHandoffs}).
 *
 * <p>KCL creates the leader's part only when the scheduler runs; here it gets all of these as soon as it is created.
 */
final class LeaderView {
    // A round takes an interval and the time of the tables; more than two intervals did not count as watching.
    private static final int INTERVALS_OF_A_LOOK = 2;

    private static final KclField<Object> COMPONENTS = new KclField<>(Scheduler.class, "migrationComponentsInitializer");
    private static final KclField<BiFunction<Object, Object, Object>> CREATE =
            new KclField<>(DynamicMigrationComponentsInitializer.class, "lamCreator");
    private static final KclField<LeaseRefresher> TABLE = ofAssignment("leaseRefresher");
    private static final KclField<Map<String, Lease>> LAST_SEEN = ofAssignment("prevRunLeasesState");
    private static final KclField<Supplier<Long>> CLOCK = ofAssignment("nanoTimeProvider");
    private static final KclField<WorkerMetricStatsDAO> WORKERS = ofAssignment("workerMetricsDAO");

    private final LeaseManagementConfig config;
    private final ConfiguredStreams streams;
    private final LockView lock;
    private final AssignmentNotes notes;

    private LeaderView(
            LeaseManagementConfig config, ConfiguredStreams streams, LockView lock, AssignmentNotes notes) {
        this.config = config;
        this.streams = streams;
        this.lock = lock;
        this.notes = notes;
    }

    static void install(
            Scheduler scheduler,
            LeaseManagementConfig config,
            ConfiguredStreams streams,
            LockView lock,
            AssignmentNotes notes)
            throws ReflectiveOperationException {
        LeaderView view = new LeaderView(config, streams, lock, notes);
        Object components = COMPONENTS.get(scheduler);
        BiFunction<Object, Object, Object> create = CREATE.get(components);
        CREATE.set(components, (threads, leaderDecider) -> {
            Object assignment = create.apply(threads, leaderDecider);
            view.giveTo(assignment);
            return assignment;
        });
    }

    private void giveTo(Object assignment) {
        KclPatch.CONFIGURED_STREAMS.apply(() -> TABLE.set(assignment, streams.only(TABLE.get(assignment))));
        KclPatch.PACED_DISCOVERY.apply(() -> TABLE.set(assignment, notes.noted(TABLE.get(assignment))));
        long longestLookMillis = INTERVALS_OF_A_LOOK * config.leaseAssignmentIntervalMillis();
        KclPatch.WATCHED_TIME.apply(() -> CLOCK.set(assignment, new WatchedTime(longestLookMillis, System::nanoTime)));
        KclPatch.LIVE_WORKERS.apply(() ->
                WORKERS.set(assignment, new LiveWorkers(config, beforeEachRound(assignment), lock::tellWorkers)));
    }

    /** With the table and the clock that the assignment has by now. */
    private Runnable beforeEachRound(Object assignment) {
        Runnable[] look = {() -> {}};
        KclPatch.STUCK_HANDOFFS.apply(() -> look[0] = new StuckHandoffs(
                        LAST_SEEN.get(assignment)::values,
                        TABLE.get(assignment),
                        TimeUnit.MILLISECONDS.toNanos(config.failoverTimeMillis()),
                        CLOCK.get(assignment))
                ::look);
        return look[0];
    }

    private static <T> KclField<T> ofAssignment(String name) {
        return new KclField<>(LeaseAssignmentManager.class, name);
    }
}
