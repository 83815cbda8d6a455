package recordprocessor.kclpatches;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What this worker knows of the leader's lock. Everything in this process that reads the lock asks here, and shares
 * what was read. Thread-safe.
 *
 * <p>A few workers watch the lock closely, twice a second, and notice within two heartbeats that the leader is gone:
 * all of a small application, and those that a lot draws of a large one ({@link WatchLot}). The others look every
 * second heartbeat. If two of those looks in a row show the same version, or nobody has the lock, they watch it closely
 * too: there are many of them, each at its own time, so that one of them notices as soon as a close watcher would.
 *
 * <p>An old look does no harm. Whatever is done because of one is a conditional write: a lock is taken over only if it
 * still has the version that was seen more than its whole life ago.
 */
public final class LockView {
    /** The item of the lock. */
    public interface Table {
        /** Returns its attributes; none if it is not there. */
        Map<String, AttributeValue> read();

        /** Writes into it how many workers there are, if this owner has it. */
        CompletableFuture<?> writeWorkers(String owner, int workers);
    }

    /**
     * One look at the lock.
     *
     * @param begun before it was read, in nanoseconds
     * @param since after this version was read for the first time
     */
    public record Look(LockItem lock, long begun, long since) {}

    public static final long CLOSE_MILLIS = 500;
    // The lock client reads the lock twice in a row, and a timer of ours is behind it.
    private static final long YOUNG_MILLIS = CLOSE_MILLIS / 2;
    private static final int HEARTBEATS_OF_A_LOOK = 2;
    private static final int MISSED_LOOKS = 3;
    private static final long SHORTEST_LOOK_MILLIS = 1000;
    // The lock's heartbeats are sent by a timer and take as long as the table; one and a half heartbeats is late.
    private static final double LATE_HEARTBEATS = 1.5;

    private final Table table;
    private final String workerId;
    private final LongSupplier clock;
    private final long lateNanos;
    private final long seldomNanos;
    private volatile Look last;
    private volatile int written;

    public LockView(Table table, String workerId, LeaderLock times, LongSupplier clock) {
        this.table = table;
        this.workerId = workerId;
        this.clock = clock;
        this.lateNanos = (long) (TimeUnit.MILLISECONDS.toNanos(times.heartbeatMillis()) * LATE_HEARTBEATS);
        this.seldomNanos = TimeUnit.MILLISECONDS.toNanos(
                Math.max(SHORTEST_LOOK_MILLIS, HEARTBEATS_OF_A_LOOK * times.heartbeatMillis()));
    }

    /** Reads the lock, unless the last look is recent enough. Throws if the table does. */
    public Look look() {
        Look known = last;
        if (known != null && clock.getAsLong() - known.begun() < oldest(known)) {
            return known;
        }
        return read();
    }

    /**
     * The same for who may take the lock over because of it: a lock that is to be had is read again. Otherwise several
     * workers would try, and those that are refused wait, and their shards with them.
     */
    Look lookToAcquire() {
        Look look = look();
        boolean isToBeHad = look.lock().owner().isEmpty() || look.lock().isOver(known(look));
        return isToBeHad ? read() : look;
    }

    private Look read() {
        long begun = clock.getAsLong();
        LockItem lock = new LockItem(table.read());
        return remember(lock, begun, clock.getAsLong());
    }

    /** Of two reads at the same time, the one that began first may be the older one. */
    private synchronized Look remember(LockItem lock, long begun, long after) {
        Look before = last;
        if (before != null && begun - before.begun() < 0) {
            return before;
        }
        boolean same = before != null
                && before.lock().owner().equals(lock.owner())
                && before.lock().version().equals(lock.version());
        last = new Look(lock, begun, same ? before.since() : after);
        return last;
    }

    private long oldest(Look look) {
        return watchesClosely(look) ? TimeUnit.MILLISECONDS.toNanos(YOUNG_MILLIS) : seldomNanos;
    }

    private boolean watchesClosely(Look look) {
        String leader = look.lock().owner();
        if (leader.isEmpty() || isLate(look)) {
            return true;
        }
        return !leader.equals(workerId) && WatchLot.draws(workerId, leader, look.lock().workers());
    }

    /** Returns whether no heartbeat came between the first look at this version and this one. */
    public boolean isLate(Look look) {
        return look.begun() - look.since() > lateNanos;
    }

    /**
     * Returns whether this worker looks after a leader that is late: those who watch it closely, and for the case that
     * all of these are gone too, a few of the others. A thousand would only keep each other from reading.
     */
    public boolean looksAfter(Look look) {
        LockItem lock = look.lock();
        return WatchLot.draws(workerId, lock.owner(), lock.workers())
                || WatchLot.draws(workerId, lock.version(), lock.workers());
    }

    /** Returns the item for a reader that begins to count the life of its version now. */
    Map<String, AttributeValue> item(Look look) {
        return look.lock().aged(known(look));
    }

    private long known(Look look) {
        return TimeUnit.NANOSECONDS.toMillis(clock.getAsLong() - look.since());
    }

    /**
     * Returns whether this worker leads, as far as is known without reading the lock: it had it at the last look, and
     * its heartbeats arrive.
     */
    public boolean leads() {
        Look known = last;
        return known != null && isOurs(known) && clock.getAsLong() - known.since() < MISSED_LOOKS * seldomNanos;
    }

    /** Returns whether this worker had the lock when it was read. */
    boolean isOurs(Look look) {
        return look.lock().owner().equals(workerId);
    }

    /** Tells the others how many workers there are; for the leader, once a round. It writes what is not known yet. */
    void tellWorkers(int workers) {
        Look known = last;
        boolean lost = known != null && isOurs(known) && known.lock().workers() != workers;
        if (workers == written && !lost) {
            return;
        }
        written = workers;
        try {
            table.writeWorkers(workerId, workers).whenComplete((done, error) -> forgetUnless(error == null));
        } catch (RuntimeException error) {
            forgetUnless(false); // a round of assignments does not fail for that
        }
    }

    /** Throttled, or no longer the leader: the next round tries again. */
    private void forgetUnless(boolean done) {
        if (!done) {
            written = 0;
        }
    }
}
