package recordprocessor.fence;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;
import recordprocessor.Timers;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseCoordinator;

/** Keeps the {@link LeaseFile} of every shard up to date with what KCL's lease coordinator knows. */
public final class LeaseFileUpdater {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseFileUpdater.class);
    // How late a shard process may learn about a lease that another worker took: far below any failover time.
    private static final long REFRESH_MILLIS = 100;
    // The time of a lease that this process has not written yet: it has not begun.
    private static final long NOT_YET = 1;

    private final Path directory;
    private final Map<String, LeaseFile> files = new ConcurrentHashMap<>();
    private final AtomicInteger opened = new AtomicInteger();

    private volatile LeaseCoordinator leases;
    private volatile long leaseNanos;
    private volatile boolean stopping;
    /** The leases that were late at the last check. */
    private volatile Set<String> late = Set.of();

    public LeaseFileUpdater(Path directory) {
        this.directory = directory;
    }

    public void start(LeaseCoordinator coordinator, long failoverTimeMillis) {
        this.leases = coordinator;
        this.leaseNanos = TimeUnit.MILLISECONDS.toNanos(failoverTimeMillis);
        Timers.repeat("lease-watch", this::refreshAll, REFRESH_MILLIS);
    }

    /** Opens the file of a shard whose process is about to start; its first content is already true. */
    public LeaseFile open(String leaseKey) throws IOException {
        LeaseFile file = new LeaseFile(directory.resolve("lease-" + opened.incrementAndGet()));
        refresh(leaseKey, file);
        if (stopping) {
            file.askToStop();
        }
        files.put(leaseKey, file);
        return file;
    }

    public void close(String leaseKey, LeaseFile file) {
        // The same shard may already have come back to this worker, with its own file.
        files.remove(leaseKey, file);
        try {
            file.close();
        } catch (IOException error) {
            LOG.warn("cannot remove {}", file.path(), error);
        }
    }

    /** How many leases KCL says are this worker's. */
    public int held() {
        return leases.getAssignments().size();
    }

    /** How many of those whose shards are read were late at the last check. */
    public int late() {
        return late.size();
    }

    public boolean isStopping() {
        return stopping;
    }

    public void askAllToStop() {
        stopping = true;
        files.values().forEach(LeaseFile::askToStop);
    }

    /** Gives a lease back to the application, so that the leader can assign it at once. */
    public void release(String leaseKey) {
        Lease lease = leases.getCurrentlyHeldLease(leaseKey);
        if (lease == null) {
            return;
        }
        try {
            leases.leaseRefresher().evictLease(lease);
        } catch (Exception error) {
            // Then it expires by itself: nobody renews it after the drop below.
            LOG.warn("cannot release lease {}", leaseKey, error);
        }
        leases.dropLease(lease);
    }

    private void refreshAll() {
        Set<String> before = late;
        long now = BootTime.nanos();
        late = files.entrySet().stream()
                .filter(entry -> isLate(entry.getKey(), entry.getValue(), now))
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
        sayLate(without(late, before));
        sayRenewed(without(before, late));
    }

    private static Set<String> without(Set<String> these, Set<String> those) {
        return these.stream().filter(one -> !those.contains(one)).collect(Collectors.toCollection(TreeSet::new));
    }

    private boolean isLate(String leaseKey, LeaseFile file, long now) {
        try {
            long goodUntil = refresh(leaseKey, file);
            // A lease that was just taken is not late: its first renewal is under way.
            long dueBy = goodUntil == NOT_YET ? file.openedNanos() + leaseNanos : goodUntil;
            return goodUntil != LeaseFile.LOST && dueBy < now;
        } catch (RuntimeException error) {
            // A file that is not updated expires by itself, which is the safe side; the others must go on.
            LOG.warn("cannot refresh lease {}", leaseKey, error);
            return true;
        }
    }

    private void sayLate(Set<String> newlyLate) {
        if (!newlyLate.isEmpty()) {
            LOG.atWarn()
                    .addMarker(MarkerFactory.getMarker("lease.late"))
                    .addKeyValue("leases", late.size())
                    .addKeyValue("shards", newlyLate)
                    .log("the lease table did not accept renewals in time; these shards pause until it does");
        }
    }

    /** Reports those that are no longer late: renewed, lost or ended. */
    private void sayRenewed(Set<String> notLate) {
        if (!notLate.isEmpty()) {
            LOG.atInfo()
                    .addMarker(MarkerFactory.getMarker("lease.renewed"))
                    .addKeyValue("leases", late.size())
                    .addKeyValue("shards", notLate)
                    .log(late.isEmpty() ? "no lease is late any more" : "these leases are late no more; others are");
        }
    }

    /**
     * Returns until when it is valid, in nanoseconds; that may have passed, and it is still ours if the next renewal
     * succeeds.
     */
    private long refresh(String leaseKey, LeaseFile file) {
        Lease lease = leases.getCurrentlyHeldLease(leaseKey);
        if (lease == null) {
            LeaseRenewalTimes.forget(leaseKey);
            file.goodUntil(LeaseFile.LOST);
            return LeaseFile.LOST;
        }
        OptionalLong sent = LeaseRenewalTimes.lastSent(leaseKey);
        long goodUntil = sent.isPresent() ? sent.getAsLong() + leaseNanos : NOT_YET;
        file.goodUntil(goodUntil);
        return goodUntil;
    }
}
