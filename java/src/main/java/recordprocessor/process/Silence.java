package recordprocessor.process;

/**
 * For how long a shard's process has owed KCL an answer without a sign of life.
 *
 * <p>That it does not answer says nothing by itself: while a sink is away it takes in no more than it can hold, and answers when
 * there is room. But then a number in its trials file changes all the time.
 */
public final class Silence {
    private boolean asked;
    private int lastSign;
    private long sinceNanos;

    /** KCL asks it something. */
    public synchronized void asked(int sign, long now) {
        asked = true;
        lastSign = sign;
        sinceNanos = now;
    }

    /** It answered, or it is not to answer any more. */
    public synchronized void over() {
        asked = false;
    }

    /** In nanoseconds; 0 where nothing was asked. */
    public synchronized long nanos(int sign, long now) {
        if (!asked || sign != lastSign) {
            lastSign = sign;
            sinceNanos = now;
        }
        return now - sinceNanos;
    }
}
