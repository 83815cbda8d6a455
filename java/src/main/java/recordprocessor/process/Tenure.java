package recordprocessor.process;

import java.util.UUID;
import java.util.concurrent.TimeUnit;
import software.amazon.kinesis.leases.Lease;

/** A shard's stay at this worker under one lease, over all the processes that it needs. */
public final class Tenure {
    // KCL gives a lease a new token each time that it is taken.
    private final UUID token;
    private final TrialsFile trials;
    private final Restarts restarts = new Restarts();
    private ProcessEnd.Reason lastEnd = ProcessEnd.Reason.NONE;
    private long notBefore = System.nanoTime();
    private boolean interrupted;

    Tenure(UUID token, TrialsFile trials) {
        this.token = token;
        this.trials = trials;
    }

    /** Whether this worker has had the lease without interruption since the tenure began. */
    public boolean isUnder(Lease lease) {
        return token.equals(lease.concurrencyToken());
    }

    public TrialsFile trials() {
        return trials;
    }

    public Restarts restarts() {
        return restarts;
    }

    /** How the previous process ended. */
    public synchronized ProcessEnd.Reason lastEnd() {
        return lastEnd;
    }

    /** Whether its process ended, and the next one has not been started. */
    public synchronized boolean isInterrupted() {
        return interrupted;
    }

    /** How long the next start still has to wait; 0 or less: not at all. */
    public synchronized long waitMillis() {
        return TimeUnit.NANOSECONDS.toMillis(notBefore - System.nanoTime());
    }

    /** @param checkpoint in the form in which {@link #ended} receives it, for comparison */
    public synchronized void started(String checkpoint) {
        interrupted = false;
        restarts.started(checkpoint, System.nanoTime());
    }

    /** Counts the end of a process that is restarted; returns the time until then in milliseconds. */
    public synchronized long ended(ProcessEnd.Reason reason, String checkpoint, boolean hadRecords) {
        long now = System.nanoTime();
        interrupted = true;
        lastEnd = reason;
        if (reason == ProcessEnd.Reason.RELOAD) { // its author waits for the next one
            notBefore = now;
            return 0;
        }
        restarts.ended(checkpoint, hadRecords, now);
        notBefore = now + TimeUnit.MILLISECONDS.toNanos(restarts.delayMillis());
        return restarts.delayMillis();
    }
}
