package recordprocessor.kclpatches;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * When a worker looks for leases that were assigned to it, which costs a query each time. Thread-safe.
 *
 * <p>KCL looks twice per assignment interval. Here one of the two looks is free: a worker reports once a second anyway,
 * and the answer says whether leases were assigned to it since ({@link AssignmentNotes}). The queries come half a
 * second after the reports, so a new lease is found as soon as with two queries. They are needed even so: a note may
 * get lost, and a leader of an older version writes none.
 */
final class DiscoveryPace {
    private static final long HALF_NANOS = TimeUnit.MILLISECONDS.toNanos(475);
    // The index is not consistent: after a note, a lease may be in it a moment later, and more leases may follow.
    private static final long MOVING_NANOS = TimeUnit.MILLISECONDS.toNanos(3000);
    private static final long LONGEST_MILLIS = 1000;

    private final LongSupplier clock;
    private final long shortestNanos;
    private final long longestNanos;
    private boolean asked;
    private long lastQuery;
    private boolean reported;
    private long lastReport;
    private String lastNote = "";
    private boolean noted;
    private long lastNoted;
    private boolean unseen;

    /** KCL's own interval is kept if it is longer. */
    DiscoveryPace(long kclsMillis, long assignmentIntervalMillis, LongSupplier clock) {
        long millis = Math.min(assignmentIntervalMillis, LONGEST_MILLIS);
        this.longestNanos = TimeUnit.MILLISECONDS.toNanos(Math.max(kclsMillis, millis));
        this.shortestNanos = Math.min(longestNanos, Math.max(TimeUnit.MILLISECONDS.toNanos(kclsMillis), HALF_NANOS));
        this.clock = clock;
    }

    /** Call this after each report, with the note that was in its answer; empty for none. */
    synchronized void reported(String note) {
        lastReport = clock.getAsLong();
        reported = true;
        if (!note.equals(lastNote)) {
            lastNote = note;
            lastNoted = lastReport;
            noted = true;
            unseen = true;
        }
    }

    /** Returns whether to look now; the caller then does. */
    synchronized boolean isDue() {
        long now = clock.getAsLong();
        boolean due = !asked || unseen || isOver(now);
        if (due) {
            asked = true;
            unseen = false;
            lastQuery = now;
        }
        return due;
    }

    private boolean isOver(long now) {
        long sinceQuery = now - lastQuery;
        if (noted && now - lastNoted < MOVING_NANOS) {
            return sinceQuery >= Math.min(shortestNanos, HALF_NANOS);
        }
        return sinceQuery >= longestNanos || sinceQuery >= shortestNanos && isBetweenReports(now);
    }

    /** Half a second after the last report, without a query since then. */
    private boolean isBetweenReports(long now) {
        long middle = lastReport + HALF_NANOS;
        return reported && now - middle >= 0 && lastQuery - middle < 0;
    }
}
