package recordprocessor.failover;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The leases of one worker that may be dead, watched until they have run out.
 *
 * <p>A lease has run out when its counter has stood still for the failover time, by this process's own clock: from after
 * it was first read so until before it was last read so. Its owner counts from before its last renewal was sent (see
 * the fence), so by then it has given the lease up, also if it lives and is only cut off.
 *
 * <p>Giving such a lease back is one conditional write on its counter and its owner. A renewal that comes in between
 * wins.
 */
final class OrphanedLeases {
    /** The lease table, as much of it as this needs. */
    interface Table {
        /** The leases that a worker owns, as they are now. */
        List<Seen> ownedBy(String workerId);

        /** Makes it nobody's if neither owner nor counter have changed; whether it did. */
        boolean release(Seen lease);
    }

    record Seen(String leaseKey, String owner, long counter) {}

    private final Table table;
    private final long failoverNanos;
    private final long longestGapNanos;
    private final LongSupplier clock;
    private final Map<Seen, Long> firstSeen = new HashMap<>();
    private long lastLook;

    /** After a gap of more than so long between two looks, what was seen before it says nothing. */
    OrphanedLeases(Table table, long failoverNanos, long longestGapNanos, LongSupplier clock) {
        this.table = table;
        this.failoverNanos = failoverNanos;
        this.longestGapNanos = longestGapNanos;
        this.clock = clock;
    }

    /** Looks once; the number of leases that were given back. */
    int look(String workerId) {
        long before = clock.getAsLong();
        List<Seen> leases = table.ownedBy(workerId);
        long after = clock.getAsLong();
        if (after - lastLook > longestGapNanos) {
            firstSeen.clear(); // the table was away: its owner could not renew either
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

    /** The worker lives, or is not the one in question any more. */
    void forget() {
        firstSeen.clear();
    }
}
