package recordprocessor.kclpatches;

import java.util.List;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.kinesis.coordinator.DynamicMigrationComponentsInitializer;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseCoordinator;
import software.amazon.kinesis.leases.LeaseDiscoverer;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseCoordinator;
import software.amazon.kinesis.leases.exceptions.DependencyException;
import software.amazon.kinesis.leases.exceptions.InvalidStateException;
import software.amazon.kinesis.leases.exceptions.ProvisionedThroughputException;
import software.amazon.kinesis.worker.metricstats.WorkerMetricStatsDAO;

/** KCL's search for new leases, when {@link DiscoveryPace} says so; KCL asks often, and that is free. */
final class PacedDiscovery implements LeaseDiscoverer {
    private static final long ASK_MILLIS = 50;

    private static final KclField<DynamicMigrationComponentsInitializer> COMPONENTS =
            new KclField<>(Scheduler.class, "migrationComponentsInitializer");
    private static final KclField<WorkerMetricStatsDAO> REPORTS =
            new KclField<>(DynamicMigrationComponentsInitializer.class, "workerMetricsDAO");
    private static final KclField<LeaseDiscoverer> DISCOVERER =
            new KclField<>(DynamoDBLeaseCoordinator.class, "leaseDiscoverer");
    private static final KclField<Long> INTERVAL =
            new KclField<>(DynamoDBLeaseCoordinator.class, "leaseDiscovererIntervalMillis");
    private static final KclField<LeaseRefresher> TABLE =
            new KclField<>(DynamoDBLeaseCoordinator.class, "leaseRefresher");

    private final LeaseDiscoverer kcls;
    private final DiscoveryPace pace;

    private PacedDiscovery(LeaseDiscoverer kcls, DiscoveryPace pace) {
        this.kcls = kcls;
        this.pace = pace;
    }

    @Override
    public List<Lease> discoverNewLeases()
            throws ProvisionedThroughputException, InvalidStateException, DependencyException {
        return pace.isDue() ? kcls.discoverNewLeases() : List.of();
    }

    /** Call this before the scheduler runs, and after everything that needs KCL's own discoverer. */
    static void install(Scheduler scheduler, LeaseManagementConfig config, AssignmentNotes notes)
            throws ReflectiveOperationException {
        LeaseCoordinator coordinator = scheduler.leaseCoordinator();
        LeaseDiscoverer kcls = DISCOVERER.get(coordinator);
        DiscoveryPace pace =
                new DiscoveryPace(INTERVAL.get(coordinator), config.leaseAssignmentIntervalMillis(), System::nanoTime);
        REPORTS.set(COMPONENTS.get(scheduler), reports(config, pace));
        // A lease that is handed over is assigned by its old owner.
        TABLE.set(coordinator, notes.noted(TABLE.get(coordinator)));
        INTERVAL.set(coordinator, ASK_MILLIS);
        DISCOVERER.set(coordinator, new PacedDiscovery(kcls, pace));
    }

    private static WorkerMetricStatsDAO reports(LeaseManagementConfig config, DiscoveryPace pace) {
        DynamoDbAsyncClient client = AssignmentNotes.watched(config.dynamoDBClient(), pace::reported);
        return new WorkerMetricStatsDAO(
                client,
                config.workerUtilizationAwareAssignmentConfig().workerMetricsTableConfig(),
                config.workerUtilizationAwareAssignmentConfig().workerMetricsReporterFreqInMillis());
    }
}
