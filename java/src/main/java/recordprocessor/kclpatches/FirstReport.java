package recordprocessor.kclpatches;

import java.time.Instant;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.kinesis.coordinator.DynamicMigrationComponentsInitializer;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.worker.metricstats.WorkerMetricStats;

/**
 * Reports that a worker is alive before its scheduler runs.
 *
 * <p>The leader assigns leases only to workers that have reported. KCL makes the first report two captures of metrics
 * after the start, which the first round of assignments of a worker that starts alone misses: the next round comes a
 * whole interval later.
 */
public final class FirstReport {
    private static final Logger LOG = LoggerFactory.getLogger(FirstReport.class);

    private static final KclField<DynamicMigrationComponentsInitializer> COMPONENTS =
            new KclField<>(Scheduler.class, "migrationComponentsInitializer");

    private FirstReport() {}

    /** Makes the report, with one write to the metrics table. */
    public static void make(Scheduler scheduler) {
        // A worker that balances by CPU must not report without a measurement: the leader would count it as failing.
        if (measuresNothing(scheduler)) {
            KclPatch.FIRST_REPORT.apply(() -> write(COMPONENTS.get(scheduler)));
        }
    }

    private static boolean measuresNothing(Scheduler scheduler) {
        return scheduler
                .leaseManagementConfig()
                .workerUtilizationAwareAssignmentConfig()
                .workerMetricList()
                .isEmpty();
    }

    private static void write(DynamicMigrationComponentsInitializer components) {
        WorkerMetricStats report = WorkerMetricStats.builder()
                .workerId(components.workerIdentifier())
                .metricStats(Map.of())
                .operatingRange(Map.of())
                .lastUpdateTime(Instant.now().getEpochSecond())
                .build();
        try {
            components.workerMetricsDAO().updateMetrics(report);
        } catch (Exception error) { // from KCL 3.5 on, checked ones too
            LOG.info("this worker's first report failed; KCL makes the next one soon", error);
        }
    }
}
