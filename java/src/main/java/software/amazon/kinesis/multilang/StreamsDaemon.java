package software.amazon.kinesis.multilang;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.config.WorkerProperties;
import recordprocessor.failover.LeaderWatch;
import recordprocessor.failover.ShutdownHandoff;
import recordprocessor.fence.LeaseFileUpdater;
import recordprocessor.fence.LeaseRenewalTimes;
import recordprocessor.fence.LostLeases;
import recordprocessor.kclpatches.FirstReport;
import recordprocessor.kclpatches.LeaderLock;
import recordprocessor.kclpatches.LockTable;
import recordprocessor.kclpatches.LockView;
import recordprocessor.kclpatches.UnfinishedHandoffs;
import recordprocessor.logging.JavaLogging;
import recordprocessor.process.RestartCounts;
import recordprocessor.report.JvmReport;
import recordprocessor.startup.FailedAttempts;
import recordprocessor.startup.FirstShardSync;
import recordprocessor.startup.RunDirectory;
import recordprocessor.streams.StreamsScheduler;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.multilang.config.KclConfigs;
import sun.misc.Signal;

/**
 * KCL's MultiLangDaemon over the DynamoDB Streams adapter.
 *
 * <p>It is in KCL's package because the parts that it combines are package-private there. Three things end it, all in
 * the same graceful way: SIGTERM or SIGINT, and the end of its standard input, which is how the Python parent asks, and
 * what happens when that parent dies; then it also removes the parent's files. Exit status: 0 after a graceful stop, 1
 * otherwise.
 */
public final class StreamsDaemon {
    private static final Logger LOG = LoggerFactory.getLogger(StreamsDaemon.class);

    private static final long POLL_MILLIS = 100;
    // KCL takes about this long from the last shard process's answer to its own.
    private static final long SAVED_MILLIS = 1200;
    // For KCL's own stop, which releases the leader's lock.
    private static final long UNLOCKED_MILLIS = 1000;

    private final RunDirectory runDirectory;
    private final MultiLangDaemonConfig config;
    private final LeaseFileUpdater leases;
    private final StreamsRecordProcessorFactory processors;
    private final Scheduler scheduler;
    private final LockView lock;
    private final LeaderWatch leaderWatch;
    private final ShutdownHandoff shutdownHandoff;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private boolean left;

    private StreamsDaemon(Path propertiesFile, RunDirectory runDirectory) throws IOException {
        this.runDirectory = runDirectory;
        WorkerProperties properties = WorkerProperties.read(propertiesFile);
        config = new MultiLangDaemonConfig(propertiesFile.toString());
        leases = new LeaseFileUpdater(properties.leaseFilesDirectory());
        processors = new StreamsRecordProcessorFactory(properties, config, leases);
        KclConfigs configs = KclConfigs.resolve(config.getMultiLangDaemonConfiguration(), processors);
        lock = lockView(configs);
        scheduler = StreamsScheduler.build(properties, configs, lock);
        processors.start(scheduler);
        leases.start(scheduler.leaseCoordinator(), configs.leaseManagement().failoverTimeMillis());
        leaderWatch = leaderWatch(lock, configs);
        if (properties.reportsItself()) {
            new JvmReport(properties.leaseFilesDirectory(), this::state).start();
        }
        shutdownHandoff = new ShutdownHandoff(
                configs.leaseManagement().dynamoDBClient(),
                configs.leaseManagement()
                        .workerUtilizationAwareAssignmentConfig()
                        .workerMetricsTableConfig()
                        .tableName(),
                scheduler.leaseCoordinator());
    }

    /** What {@link JvmReport} tells of the worker. */
    private Map<String, Object> state() {
        Map<String, Object> state = new HashMap<>();
        state.put("isRunning", scheduler.leaseCoordinator().isRunning());
        state.put("isStopping", stopping.get());
        state.put("isLeader", lock.leads());
        state.put("leasesHeld", leases.held());
        state.put("leasesLate", leases.late());
        state.put("leasesLost", LostLeases.count());
        state.put("renewedSecondsAgo", orNull(LeaseRenewalTimes.newestSecondsAgo()));
        state.put("forks", processors.starter().forks());
        state.put("forkerGoneSeconds", orNull(processors.starter().goneSeconds()));
        state.put("restarts", RestartCounts.all());
        return state;
    }

    private static Double orNull(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }

    private static LockView lockView(KclConfigs configs) {
        LockTable table = new LockTable(
                configs.leaseManagement().dynamoDBClient(),
                configs.coordinator().coordinatorStateTableConfig().tableName());
        LeaderLock times = LeaderLock.within(configs.leaseManagement().failoverTimeMillis());
        return new LockView(table, configs.leaseManagement().workerIdentifier(), times, System::nanoTime);
    }

    private static LeaderWatch leaderWatch(LockView lock, KclConfigs configs) {
        return new LeaderWatch(
                lock,
                configs.leaseManagement().dynamoDBClient(),
                configs.leaseManagement().tableName(),
                configs.leaseManagement().workerIdentifier(),
                configs.leaseManagement().failoverTimeMillis());
    }

    public static void main(String[] arguments) {
        JavaLogging.toSlf4j();
        Path propertiesFile = Path.of(arguments[0]);
        RunDirectory runDirectory = new RunDirectory(propertiesFile.toAbsolutePath().getParent());
        int status = 1;
        try {
            status = new StreamsDaemon(propertiesFile, runDirectory).run();
        } catch (Throwable error) {
            LOG.error("the worker cannot run", error);
        }
        runDirectory.removeIfOrphaned();
        System.exit(status);
    }

    private int run() throws Exception {
        Signal.handle(new Signal("TERM"), signal -> startStop());
        Signal.handle(new Signal("INT"), signal -> startStop());
        startThread("parent-watch", this::waitForParent);
        Thread firstReport = startThread("first-report", () -> FirstReport.make(scheduler));
        FirstShardSync.run(scheduler);
        firstReport.join();
        leaderWatch.start();
        new UnfinishedHandoffs(scheduler).start();
        Future<?> running = config.getExecutorService().submit(scheduler);
        running.get();
        leave();
        // Without a stop the scheduler returns only if it could not initialize, which it has logged.
        return stopping.get() ? 0 : 1;
    }

    private void waitForParent() {
        try {
            while (System.in.read() >= 0) {
                // Nothing is ever sent through this pipe; only its end counts.
            }
        } catch (IOException error) {
            LOG.warn("standard input broke; treated as its end", error);
        }
        startStop();
    }

    private void startStop() {
        if (stopping.compareAndSet(false, true)) {
            startThread("stop", this::stop);
        }
    }

    private void stop() {
        long end = System.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(
                        config.getMultiLangDaemonConfiguration().getShutdownGraceMillis());
        // First, so that a shard process in the middle of a retry returns and can receive the rest.
        leases.askAllToStop();
        if (!scheduler.leaseCoordinator().isRunning()) {
            // KCL's own stop would wait until its initialization has finished or has failed twenty times.
            LOG.info("stopped before the first lease was taken; there is nothing to save");
            halt(FailedAttempts.seen() ? 1 : 0);
        }
        shutdownHandoff.remember();
        try {
            CompletableFuture<Boolean> stopped = scheduler.startGracefulShutdown();
            waitWhileUnsaved(stopped, end);
            if (!stopped.isDone()) {
                leaveWithoutKcl();
            }
        } catch (Exception error) {
            LOG.error("graceful stop failed", error);
            halt(1);
        }
    }

    /** Waits until KCL reports its stop, or no shard process has had anything to save for a moment, or time is up. */
    private void waitWhileUnsaved(Future<?> stopped, long end) throws InterruptedException {
        long savedMillis = 0;
        while (!stopped.isDone() && System.nanoTime() < end && savedMillis < SAVED_MILLIS) {
            Thread.sleep(POLL_MILLIS);
            savedMillis = processors.unsaved().isEmpty() ? savedMillis + POLL_MILLIS : 0;
        }
    }

    /**
     * Ends without KCL once everything is saved: what KCL still waits for has nothing to lose. It may be a shard that
     * cannot start, one that was being handed over, or an ended one whose reader faces a full queue. KCL would wait for
     * the failover time, and the shards with it.
     */
    private void leaveWithoutKcl() throws InterruptedException {
        List<String> unsaved = processors.unsaved();
        if (!unsaved.isEmpty()) {
            LOG.error("not stopped within shutdownGraceMillis; ending the shard processes. Not saved: {}", unsaved);
            halt(1);
        }
        // In a thread, since this may wait for KCL's locks.
        startThread("shutdown", scheduler::shutdown).join(UNLOCKED_MILLIS);
        leave();
        end(0);
    }

    /** Leaves nothing of this worker behind, and its leases to the others. A second caller waits for the first. */
    private synchronized void leave() {
        if (!left) {
            left = true;
            processors.killShardProcesses();
            shutdownHandoff.complete();
        }
    }

    private void halt(int status) {
        processors.killShardProcesses();
        end(status);
    }

    private void end(int status) {
        runDirectory.removeIfOrphaned();
        Runtime.getRuntime().halt(status);
    }

    private static Thread startThread(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
