package recordprocessor.kclpatches;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The leader's clock for the leases of others: it stands still while the leader cannot see them.
 *
 * <p>KCL's leader considers a lease expired when its counter has not changed for the failover time. If the lease table
 * is unavailable for longer than that, nobody could renew, and the first look afterwards finds all leases of all
 * workers expired: they are assigned again, and every shard restarts elsewhere. The leader asks its clock once per
 * round; time between two rounds that are further apart than a look takes does not count. A dead worker's leases then
 * wait as much longer as the table was unavailable or slow.
 */
final class WatchedTime implements Supplier<Long> {
    private final long longestNanos;
    private final LongSupplier clock;
    private long last;
    private long watched;

    WatchedTime(long longestLookMillis, LongSupplier clock) {
        this.longestNanos = TimeUnit.MILLISECONDS.toNanos(longestLookMillis);
        this.clock = clock;
        this.last = clock.getAsLong();
        this.watched = last;
    }

    /** In nanoseconds, from an arbitrary moment; the leader's assignments ask from several threads. */
    @Override
    public synchronized Long get() {
        long now = clock.getAsLong();
        watched += Math.min(now - last, longestNanos);
        last = now;
        return watched;
    }
}
