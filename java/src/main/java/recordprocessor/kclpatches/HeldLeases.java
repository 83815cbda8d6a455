package recordprocessor.kclpatches;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.fence.LeaseRenewalTimes;
import recordprocessor.fence.LostLeases;
import recordprocessor.logging.Causes;
import software.amazon.awssdk.services.cloudwatch.model.StandardUnit;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseCoordinator;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.leases.LeaseRenewer;
import software.amazon.kinesis.leases.LeaseStatsRecorder;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseCoordinator;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseDiscoverer;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseRenewer;
import software.amazon.kinesis.leases.exceptions.DependencyException;
import software.amazon.kinesis.leases.exceptions.InvalidStateException;
import software.amazon.kinesis.leases.exceptions.ProvisionedThroughputException;
import software.amazon.kinesis.metrics.MetricsFactory;
import software.amazon.kinesis.metrics.MetricsLevel;
import software.amazon.kinesis.metrics.MetricsScope;
import software.amazon.kinesis.metrics.MetricsUtil;

/**
 * The leases of this worker, each renewed by itself: replaces KCL's DynamoDBLeaseRenewer.
 *
 * <p>KCL waits for all renewals of a round before it starts the next, and holds a lease's monitor while it is renewed,
 * which everybody needs who asks for the lease. If one item of the lease table is throttled, the SDK retries for half a
 * minute: for that long no lease of the worker was renewed, and whoever asked had to wait, including the watch of the
 * fence. Here a round starts a renewal of each lease that has none under way, and waits for none; asking waits for
 * nothing.
 *
 * <p>A lease is dropped only if a conditional write of it was refused because another worker has it: a lease that could
 * not be renewed in time is late, which the fence handles ({@code LeaseFileUpdater}).
 */
final class HeldLeases implements LeaseRenewer {
    private static final Logger LOG = LoggerFactory.getLogger(HeldLeases.class);
    private static final double BYTES_PER_KB = 1024;
    // A renewal takes some milliseconds. Begun in groups, many leases are renewed by a few threads, of which each costs
    // 100 KB; if the table is slow, there are as many as it takes.
    private static final int GROUP = 8;
    private static final long GROUP_MILLIS = 10;
    private static final long ROUND_MILLIS = 200;
    private static final long IDLE_SECONDS = 5;
    private static final KclField<LeaseRenewer> RENEWER = new KclField<>(DynamoDBLeaseCoordinator.class, "leaseRenewer");
    private static final KclField<Object> DISCOVERER = new KclField<>(DynamoDBLeaseCoordinator.class, "leaseDiscoverer");
    private static final KclField<LeaseRenewer> DISCOVERERS_RENEWER =
            new KclField<>(DynamoDBLeaseDiscoverer.class, "leaseRenewer");
    private static final KclField<LeaseRefresher> TABLE = new KclField<>(DynamoDBLeaseRenewer.class, "leaseRefresher");
    private static final KclField<LeaseStatsRecorder> STATS =
            new KclField<>(DynamoDBLeaseRenewer.class, "leaseStatsRecorder");
    private static final KclField<Consumer<Lease>> HAND_OFF =
            new KclField<>(DynamoDBLeaseRenewer.class, "leaseGracefulShutdownCallback");
    private static final KclField<MetricsFactory> METRICS = new KclField<>(DynamoDBLeaseRenewer.class, "metricsFactory");

    private final LeaseRefresher table;
    private final String workerId;
    private final LeaseStatsRecorder stats;
    private final Consumer<Lease> handOff;
    private final ConfiguredStreams streams;
    private final MetricsFactory metrics;
    private final AtomicInteger lost = new AtomicInteger();
    private final Map<String, HeldLease> held = new ConcurrentHashMap<>();
    // A thread for each renewal under way, and so at most one per lease: none waits for another's.
    private final ExecutorService threads = new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), daemons());

    HeldLeases(
            LeaseRefresher table,
            String workerId,
            LeaseStatsRecorder stats,
            Consumer<Lease> handOff,
            ConfiguredStreams streams,
            MetricsFactory metrics) {
        this.table = table;
        this.workerId = workerId;
        this.stats = stats;
        this.handOff = handOff;
        this.streams = streams;
        this.metrics = metrics;
    }

    /** Call this before the coordinator starts, and after everything that changes the parts of KCL's own renewer. */
    static void install(LeaseCoordinator coordinator, ConfiguredStreams streams) throws ReflectiveOperationException {
        LeaseRenewer kcls = RENEWER.get(coordinator);
        HeldLeases ours = new HeldLeases(
                TABLE.get(kcls),
                coordinator.workerIdentifier(),
                STATS.get(kcls),
                HAND_OFF.get(kcls),
                streams,
                METRICS.get(kcls));
        // First the one that may be missing: half of the change would be worse than nothing.
        DISCOVERERS_RENEWER.set(DISCOVERER.get(coordinator), ours);
        RENEWER.set(coordinator, ours);
    }

    /**
     * Takes up what the table has in this worker's name: from an earlier process with the same name.
     *
     * <p>Not what another worker is still handing over to that name: it works on the shard, and the lease arrives when
     * it has passed it on. KCL does so from 3.4.2 on.
     */
    @Override
    public void initialize() {
        try {
            List<Callable<Void>> renewals = new ArrayList<>();
            for (Lease lease : table.listLeases()) {
                if (workerId.equals(lease.leaseOwner()) && !lease.shutdownRequested() && streams.have(lease)) {
                    renewals.add(() -> takeUp(lease));
                }
            }
            for (Future<Void> renewal : threads.invokeAll(renewals)) {
                renewal.get();
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        } catch (Exception error) {
            // The leader assigns expired leases again.
            LOG.warn("cannot take up a lease that already belongs to this worker: {}", Causes.of(error));
        }
    }

    private Void takeUp(Lease lease) throws Exception {
        lease.concurrencyToken(UUID.randomUUID());
        LeaseRenewalTimes.forget(lease.leaseKey());
        HeldLease one = new HeldLease(table, lease);
        if (one.renew(stats.getThroughputKBps(one.key()))) {
            held.put(one.key(), one);
        }
        return null;
    }

    /** Starts a round; KCL calls it three times in a failover time. */
    @Override
    public void renewLeases() {
        List<HeldLease> round = List.copyOf(held.values());
        long pauseMillis = Math.min(GROUP_MILLIS, ROUND_MILLIS * GROUP / Math.max(round.size(), 1));
        for (int begun = 0; begun < round.size(); begun++) {
            if (begun > 0 && begun % GROUP == 0) {
                pause(pauseMillis);
            }
            beginRenewal(round.get(begun));
        }
        count();
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt(); // at the end of the worker: the rest begins without a pause
        }
    }

    /** Reports what KCL's renewer tells CloudWatch about a round, under KCL's names. */
    private void count() {
        MetricsScope scope = MetricsUtil.createMetricsWithOperation(metrics, "RenewAllLeases");
        MetricsUtil.addWorkerIdentifier(scope, workerId);
        scope.addData("CurrentLeases", held.size(), StandardUnit.COUNT, MetricsLevel.SUMMARY);
        scope.addData("LostLeases", lost.getAndSet(0), StandardUnit.COUNT, MetricsLevel.SUMMARY);
        MetricsUtil.endScope(scope);
    }

    private void beginRenewal(HeldLease lease) {
        if (!lease.beginRenewal()) {
            return;
        }
        try {
            threads.execute(() -> {
                try {
                    renew(lease);
                } finally {
                    lease.endRenewal();
                }
            });
        } catch (RuntimeException error) {
            lease.endRenewal();
            throw error;
        }
    }

    private void renew(HeldLease lease) {
        try {
            if (!lease.renew(stats.getThroughputKBps(lease.key()))) {
                lose(lease);
                return;
            }
            Lease renewed = lease.copy();
            if (renewed.shutdownRequested() && held.get(lease.key()) == lease) {
                handOff.accept(renewed);
            }
        } catch (Exception error) {
            // The fence reports whether it is late by now, and when that is over.
            LOG.debug("lease {} could not be renewed, and is tried again: {}", lease.key(), Causes.of(error));
        }
    }

    private void lose(HeldLease lease) {
        if (held.remove(lease.key(), lease)) {
            lost.incrementAndGet();
            LostLeases.add();
            LOG.debug("lease {} is another worker's", lease.key());
        }
    }

    @Override
    public Map<String, Lease> getCurrentlyHeldLeases() {
        return held.values().stream().collect(Collectors.toMap(HeldLease::key, HeldLease::copy));
    }

    @Override
    public Lease getCurrentlyHeldLease(String leaseKey) {
        HeldLease lease = held.get(leaseKey);
        return lease == null ? null : lease.copy();
    }

    /** Renews a new lease at once: its time counts from a write of ours. */
    @Override
    public void addLeasesToRenew(Collection<Lease> leases) {
        for (Lease lease : leases) {
            if (!streams.have(lease)) {
                continue;
            }
            Lease own = lease.copy();
            // A new one each time that the lease becomes ours, so that a checkpoint from an earlier time is recognized.
            own.concurrencyToken(UUID.randomUUID());
            rememberTraffic(lease);
            // As leader this process may have written it for another worker, some time ago.
            LeaseRenewalTimes.forget(own.leaseKey());
            HeldLease one = new HeldLease(table, own);
            held.put(own.leaseKey(), one);
            beginRenewal(one);
        }
    }

    private void rememberTraffic(Lease lease) {
        if (lease.throughputKBps() != null) {
            stats.recordStats(LeaseStatsRecorder.LeaseStats.builder()
                    .leaseKey(lease.leaseKey())
                    .bytes(Math.round(lease.throughputKBps() * BYTES_PER_KB))
                    .build());
        }
    }

    @Override
    public void clearCurrentlyHeldLeases() {
        held.clear();
    }

    @Override
    public void dropLease(Lease lease) {
        stats.dropLeaseStats(lease.leaseKey());
        held.remove(lease.leaseKey());
    }

    @Override
    public boolean updateLease(Lease lease, UUID concurrencyToken, String operation, String singleStreamShardId)
            throws DependencyException, InvalidStateException, ProvisionedThroughputException {
        HeldLease ours = held.get(lease.leaseKey());
        if (ours == null || !ours.copy().concurrencyToken().equals(concurrencyToken)) {
            return false;
        }
        boolean updated = ours.update(lease);
        if (!updated) {
            lose(ours);
        }
        return updated;
    }

    private static ThreadFactory daemons() {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "lease-renewal-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
