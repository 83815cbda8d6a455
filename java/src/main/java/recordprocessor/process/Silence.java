package recordprocessor.process;

/**
 * How long a shard process has owed KCL an answer without a sign of life.
 *
 * <p>A missing answer says nothing by itself: while a sink is unavailable, the process takes in no more than it can
 * hold, and answers when there is room. But then a number in its trials file keeps changing.
 *
 * <p>Only time in which somebody looks counts, since a host or a container may be paused with everything in it: when it
 * continues, the clock says that hours have passed in which no process could show anything.
 */
public final class Silence {
    // Looks are half a second apart.
    static final long MOST_BETWEEN_LOOKS_NANOS = 5_000_000_000L;

    private boolean asked;
    private int lastSign;
    private long lookedAt;
    private long silentNanos;

    /** KCL asks it something. */
    public synchronized void asked(int sign, long now) {
        asked = true;
        begin(sign, now);
    }

    /** It answered, or no longer needs to. */
    public synchronized void over() {
        asked = false;
    }

    /** In nanoseconds; 0 if nothing was asked. */
    public synchronized long nanos(int sign, long now) {
        if (!asked || sign != lastSign) {
            begin(sign, now);
        }
        silentNanos += Math.min(now - lookedAt, MOST_BETWEEN_LOOKS_NANOS);
        lookedAt = now;
        return silentNanos;
    }

    private void begin(int sign, long now) {
        lastSign = sign;
        lookedAt = now;
        silentNanos = 0;
    }
}
