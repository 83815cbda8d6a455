package recordprocessor.kclpatches;

import java.time.Instant;
import java.util.List;
import java.util.function.IntConsumer;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.worker.metricstats.WorkerMetricStats;
import software.amazon.kinesis.worker.metricstats.WorkerMetricStatsDAO;

/**
 * Tells the leader which workers live, whatever their clocks say.
 *
 * <p>A worker writes its own clock's time into the workers' metrics, and KCL's leader compares that with its own: a
 * host whose clock is two seconds behind gets no leases, and a leader whose clock jumps ahead thinks that all the
 * others are gone. Here the leader sees a worker's time as "as long ago as I last saw it change" ({@link SeenTimes}).
 */
final class LiveWorkers extends WorkerMetricStatsDAO {
    // A worker that is slow for a moment does not change the number; and it does not matter much if it is wrong.
    private static final long LATELY_SECONDS = 10;

    private final SeenTimes seen;
    private final Runnable beforeEachRound;
    private final IntConsumer tellWorkers;

    /** The leader reads the workers' metrics at the beginning of each of its rounds, in the thread of the rounds. */
    LiveWorkers(LeaseManagementConfig config, Runnable beforeEachRound, IntConsumer tellWorkers) {
        super(
                config.dynamoDBClient(),
                config.workerUtilizationAwareAssignmentConfig().workerMetricsTableConfig(),
                config.workerUtilizationAwareAssignmentConfig().workerMetricsReporterFreqInMillis());
        long reportMillis = config.workerUtilizationAwareAssignmentConfig().workerMetricsReporterFreqInMillis();
        this.beforeEachRound = beforeEachRound;
        this.tellWorkers = tellWorkers;
        this.seen = new SeenTimes(2 * reportMillis, System::nanoTime, System::currentTimeMillis);
    }

    @Override
    public List<WorkerMetricStats> getAllWorkerMetricStats() {
        beforeEachRound.run();
        List<WorkerMetricStats> all = super.getAllWorkerMetricStats();
        seen.look();
        all.stream()
                .filter(worker -> worker.getLastUpdateTime() != null)
                .forEach(worker -> worker.setLastUpdateTime(
                        seen.own(worker.getWorkerId(), worker.getLastUpdateTime())));
        tellWorkers.accept((int) all.stream().filter(LiveWorkers::reportedLately).count());
        return all;
    }

    private static boolean reportedLately(WorkerMetricStats worker) {
        return worker.getLastUpdateTime() != null
                && Instant.now().getEpochSecond() - worker.getLastUpdateTime() <= LATELY_SECONDS;
    }

    @Override
    public boolean deleteMetrics(WorkerMetricStats worker) {
        // The deletion is conditional on the time that is in the table.
        worker.setLastUpdateTime(seen.written(worker.getWorkerId(), worker.getLastUpdateTime()));
        return super.deleteMetrics(worker);
    }
}
