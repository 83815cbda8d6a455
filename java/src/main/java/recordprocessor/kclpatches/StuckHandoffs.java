package recordprocessor.kclpatches;

import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseRefresher;

/**
 * The leader's part for handoffs that do not end: it gives the lease to the worker that was to get it.
 *
 * <p>KCL's leader considers a handoff over after its time, or when the lease has expired, but only if it wants to move
 * that very lease again; and it gives nothing to the old owner, to whom the lease still counts. So a lease whose old
 * owner never learned that it had it may wait forever. One that is on its way to nobody becomes free, and the leader's
 * next round assigns it.
 */
final class StuckHandoffs {
    private static final Logger LOG = LoggerFactory.getLogger(StuckHandoffs.class);

    private final Supplier<? extends Collection<Lease>> lastSeen;
    private final LeaseRefresher table;
    private final long failoverNanos;
    private final Supplier<Long> clock;

    /** Looks at what the leader saw in its last round; its clock is the one with which it noted that. */
    StuckHandoffs(
            Supplier<? extends Collection<Lease>> lastSeen,
            LeaseRefresher table,
            long failoverNanos,
            Supplier<Long> clock) {
        this.lastSeen = lastSeen;
        this.table = table;
        this.failoverNanos = failoverNanos;
        this.clock = clock;
    }

    void look() {
        long now = clock.get();
        List.copyOf(lastSeen.get()).stream()
                .filter(lease -> isStuck(lease, now))
                .forEach(this::finish);
    }

    private boolean isStuck(Lease lease, long now) {
        Long untilMillis = lease.checkpointOwnerTimeoutTimestampMillis();
        return lease.shutdownRequested()
                && (lease.isExpired(failoverNanos, now) || untilMillis != null && now / 1_000_000 >= untilMillis);
    }

    private void finish(Lease lease) {
        String next = lease.leaseOwner() == null ? "whoever comes" : lease.leaseOwner();
        try {
            // Of a lease with two owners this removes only the old one, so the new one, if there is one, has it. It is
            // conditional on both, so a handoff that ended meanwhile stays as it is.
            if (table.evictLease(lease.copy())) {
                LOG.info("lease {} went to {}: its old owner did not take part", lease.leaseKey(), next);
            }
        } catch (Exception error) {
            LOG.warn("cannot give lease {} to {}; retrying", lease.leaseKey(), next, error);
        }
    }
}
