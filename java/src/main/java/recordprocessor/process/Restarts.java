package recordprocessor.process;

import java.util.concurrent.TimeUnit;

/**
 * How often a shard process was restarted in a row, and how long the next start waits: 0.2 s, doubled each time, up to
 * 30 s. A process that lived for a minute, or moved the checkpoint, resets the count.
 */
public final class Restarts {
    static final long FIRST_MILLIS = 200;
    static final long LONGEST_MILLIS = 30_000;

    private static final long STEADY_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int LOOP = 3;

    private int inARow;
    private int beforeRecords;
    private String checkpoint = "";
    private long startedNanos;

    /** @param now in nanoseconds of {@link System#nanoTime} */
    void started(String checkpointThen, long now) {
        checkpoint = checkpointThen;
        startedNanos = now;
    }

    /** @param hadRecords whether the process received any: only then can one of them be to blame */
    void ended(String checkpointNow, boolean hadRecords, long now) {
        boolean progress = now - startedNanos >= STEADY_NANOS || !checkpointNow.equals(checkpoint);
        inARow = progress ? 1 : inARow + 1;
        beforeRecords = hadRecords ? 0 : beforeRecords + 1;
    }

    /** 0 for a process that was not restarted. */
    public int inARow() {
        return inARow;
    }

    /** How many in a row ended before they received a record. */
    public int beforeRecords() {
        return beforeRecords;
    }

    /** Whether it cannot be a record's fault: process after process ends before it receives one. */
    public boolean isLoopWithoutRecords() {
        return beforeRecords >= LOOP;
    }

    long delayMillis() {
        int doublings = Math.min(Math.max(inARow - 1, 0), 10);
        return inARow == 0 ? 0 : Math.min(FIRST_MILLIS << doublings, LONGEST_MILLIS);
    }
}
