package recordprocessor.leader;

import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseRefresher;

/**
 * The leader's part for handovers that do not end: it gives the lease to the worker that was to get it.
 *
 * <p>KCL's leader lets a handover be over after its time, or when the lease ran out, but only where it wants to move that
 * very lease once more; and to the old owner, whose lease it still counts as, it gives nothing. So a lease whose old
 * owner never came to know that it had it may wait for ever.
 */
final class StuckHandoffs {
    private static final Logger LOG = LoggerFactory.getLogger(StuckHandoffs.class);

    private final Supplier<? extends Collection<Lease>> lastSeen;
    private final LeaseRefresher table;
    private final long failoverNanos;
    private final Supplier<Long> clock;

    /** What the leader saw in its last round is looked at; its clock is the one by which it noted what it saw. */
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
        try {
            // Conditional on both owners, so a handover that ended meanwhile stays as it is.
            if (table.assignLease(lease.copy(), lease.leaseOwner())) {
                LOG.info("lease {} went to {} without its old owner", lease.leaseKey(), lease.leaseOwner());
            }
        } catch (Exception error) {
            LOG.warn("cannot give lease {} to {}; trying again", lease.leaseKey(), lease.leaseOwner(), error);
        }
    }
}
