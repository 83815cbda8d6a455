package recordprocessor.kclpatches;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Times that others write, in seconds of their clocks, converted to our clock: the moment when one was last seen to
 * change.
 *
 * <p>A time that has not been seen to change yet stays as it is, but is not newer than the first look at it. So a
 * worker with another clock is known correctly from its next report on, and one that died before the first look does
 * not count as alive.
 */
final class SeenTimes {
    private record Seen(long written, long nanos, boolean changed) {}

    private final long gapNanos;
    private final LongSupplier nanoClock;
    private final LongSupplier wallClockMillis;
    private final Map<String, Seen> times = new HashMap<>();
    private long now;
    private boolean looked;

    /** After a gap of this length without a look, what changed in between may have changed at any time in it. */
    SeenTimes(long gapMillis, LongSupplier nanoClock, LongSupplier wallClockMillis) {
        this.gapNanos = TimeUnit.MILLISECONDS.toNanos(gapMillis);
        this.nanoClock = nanoClock;
        this.wallClockMillis = wallClockMillis;
    }

    /** Begins a look at all of them. */
    void look() {
        long before = now;
        now = nanoClock.getAsLong();
        if (!looked || now - before > gapNanos) {
            times.clear();
        }
        looked = true;
    }

    /** Returns somebody's time by our clock, in seconds. */
    long own(String name, long written) {
        Seen last = times.get(name);
        if (last == null) {
            last = new Seen(written, now, false);
        } else if (last.written() != written) {
            last = new Seen(written, now, true);
        }
        times.put(name, last);
        long seen = TimeUnit.MILLISECONDS.toSeconds(
                wallClockMillis.getAsLong() - TimeUnit.NANOSECONDS.toMillis(now - last.nanos()));
        return last.changed() ? seen : Math.min(written, seen);
    }

    /** The time as it was written. */
    long written(String name, long own) {
        Seen last = times.get(name);
        return last == null ? own : last.written();
    }
}
