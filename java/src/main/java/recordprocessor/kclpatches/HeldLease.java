package recordprocessor.kclpatches;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.leases.exceptions.DependencyException;
import software.amazon.kinesis.leases.exceptions.InvalidStateException;
import software.amazon.kinesis.leases.exceptions.ProvisionedThroughputException;

/**
 * One lease of this worker as it was last written, and the two ways to write it. Thread-safe.
 *
 * <p>Writes of the same lease wait for each other, because each is conditional on the counter that the one before it
 * left. Reading waits for nothing: what is read never changes, since a write puts another object in its place.
 */
final class HeldLease {
    /** A conditional write, which changes the lease that it is given to what is in the table afterwards. */
    private interface Write {
        boolean to(Lease lease) throws DependencyException, InvalidStateException, ProvisionedThroughputException;
    }

    // We may have caused a refusal ourselves: see isStillOurs. A read that is not consistent may be a moment old.
    private static final int ATTEMPTS = 3;

    private final LeaseRefresher table;
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean renewing = new AtomicBoolean();
    private volatile Lease written;

    HeldLease(LeaseRefresher table, Lease lease) {
        this.table = table;
        this.written = lease;
    }

    Lease copy() {
        return written.copy();
    }

    String key() {
        return written.leaseKey();
    }

    /** Returns whether a renewal may start: only one is under way at a time. The caller must report its end. */
    boolean beginRenewal() {
        return renewing.compareAndSet(false, true);
    }

    void endRenewal() {
        renewing.set(false);
    }

    /**
     * Writes the next number of the counter, and the lease's weight for the leader; null leaves that as it is.
     *
     * @return false if another worker has the lease
     */
    boolean renew(Double throughputKBps)
            throws DependencyException, InvalidStateException, ProvisionedThroughputException {
        return write(lease -> {
            if (throughputKBps != null) {
                lease.throughputKBps(throughputKBps);
            }
            return table.renewLease(lease);
        });
    }

    /**
     * Writes a checkpoint and everything else in a lease that belongs to the application.
     *
     * @return false if another worker has the lease
     */
    boolean update(Lease wanted) throws DependencyException, InvalidStateException, ProvisionedThroughputException {
        return write(lease -> {
            lease.update(wanted);
            return table.updateLease(lease);
        });
    }

    private boolean write(Write write)
            throws DependencyException, InvalidStateException, ProvisionedThroughputException {
        writing.lock();
        try {
            for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
                Lease next = written.copy();
                if (write.to(next)) {
                    next.lastCounterIncrementNanos(System.nanoTime());
                    written = next;
                    return true;
                }
                if (!isStillOurs()) {
                    return false;
                }
            }
            return false;
        } finally {
            writing.unlock();
        }
    }

    /**
     * Checks after a refused write: an earlier write whose answer was lost may have moved the counter.
     *
     * <p>KCL looks for that only after a renewal, and not while the lease is being handed over. Whoever takes a lease
     * away writes another name into it, so a lease that still has ours, with the counter that such a write left, was
     * nobody else's.
     */
    private boolean isStillOurs() throws DependencyException, InvalidStateException, ProvisionedThroughputException {
        Lease ours = written;
        Lease seen = table.getLease(ours.leaseKey());
        if (seen == null || !ours.actualOwner().equals(seen.actualOwner())) {
            return false;
        }
        long ahead = seen.leaseCounter() - ours.leaseCounter();
        if (ahead < 0 || ahead > 1) {
            return false;
        }
        Lease found = ours.copy();
        found.leaseCounter(seen.leaseCounter());
        found.leaseOwner(seen.leaseOwner());
        found.checkpointOwner(seen.checkpointOwner());
        written = found;
        return true;
    }
}
