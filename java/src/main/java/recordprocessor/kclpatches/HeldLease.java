package recordprocessor.kclpatches;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.leases.exceptions.DependencyException;
import software.amazon.kinesis.leases.exceptions.InvalidStateException;
import software.amazon.kinesis.leases.exceptions.ProvisionedThroughputException;

/**
 * One lease of this worker's as it was last written, and the two ways to write it.
 *
 * <p>Writes of the same lease wait for each other, because each is conditional on the counter that the one before it
 * left. Reading waits for nothing: what is read is never changed, a write puts another in its place.
 */
final class HeldLease {
    /** A conditional write, which changes the lease that it is given into what is in the table then. */
    private interface Write {
        boolean to(Lease lease) throws DependencyException, InvalidStateException, ProvisionedThroughputException;
    }

    // A refusal may be of our own making: see isStillOurs. A read that is not consistent may be a moment old.
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

    /** Whether a renewal may begin: one is under way at a time. Whoever was told so says when it is over. */
    boolean beginRenewal() {
        return renewing.compareAndSet(false, true);
    }

    void endRenewal() {
        renewing.set(false);
    }

    /**
     * Writes the next number of the counter, and what the leader weighs the lease by; null leaves that as it is.
     *
     * @return false where another worker has the lease
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
     * Writes a checkpoint and all else of a lease that is the application's.
     *
     * @return false where another worker has the lease
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
     * After a refused write: a write before it, whose answer was lost, may have moved the counter.
     *
     * <p>KCL looks for that after a renewal only, and not while the lease is being handed over. Who takes a lease away
     * writes another name into it, so what still has ours, with the counter that such a write left, was nobody else's.
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
