package recordprocessor.failover;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The leases of one worker that may be dead, watched until they have expired.
 *
 * <p>A lease has expired when its counter has not changed for the failover time, by this process's own clock: from
 * after that value was first read until before it was last read. Its owner counts from before its last renewal was sent
 * (see the fence), so by then it has given the lease up, even if it lives and is only cut off.
 *
 * <p>Freeing such a lease is one conditional write on its counter and its owner. A renewal in between wins.
 */
final class OrphanedLeases {
    /** The part of the lease table that this class needs. */
    interface Table {
        /** Returns the leases that a worker owns now. */
        List<Seen> ownedBy(String workerId);

        /** Removes the owner if neither owner nor counter have changed; returns whether it did. */
        boolean release(Seen lease);
    }

    record Seen(String leaseKey, String owner, long counter) {}

    private final Table table;
    private final long failoverNanos;
    private final long longestGapNanos;
    private final LongSupplier clock;
    private final Map<Seen, Long> firstSeen = new HashMap<>();
    private long lastLook;

    /** After a longer gap than this between two looks, what was seen before it no longer counts. */
    OrphanedLeases(Table table, long failoverNanos, long longestGapNanos, LongSupplier clock) {
        this.table = table;
        this.failoverNanos = failoverNanos;
        this.longestGapNanos = longestGapNanos;
        this.clock = clock;
    }

    /** Looks once; returns the number of leases that were freed. */
    int look(String workerId) {
        long before = clock.getAsLong();
        List<Seen> leases = table.ownedBy(workerId);
        long after = clock.getAsLong();
        if (after - lastLook > longestGapNanos) {
            firstSeen.clear(); // the table was unavailable: the owner could not renew either
        }
        lastLook = after;
        firstSeen.keySet().retainAll(leases);
        int released = 0;
        for (Seen lease : leases) {
            long since = firstSeen.computeIfAbsent(lease, ignored -> after);
            if (before - since >= failoverNanos && table.release(lease)) {
                released++;
            }
        }
        return released;
    }

    /** Forgets the worker: it lives, or is no longer the one in question. */
    void forget() {
        firstSeen.clear();
    }
}
