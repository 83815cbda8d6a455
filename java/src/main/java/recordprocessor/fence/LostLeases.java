package recordprocessor.fence;

import java.util.concurrent.atomic.AtomicLong;

/** How many leases of this JVM another worker has taken before they were renewed. Thread-safe. */
public final class LostLeases {
    private static final AtomicLong COUNT = new AtomicLong();

    private LostLeases() {}

    public static void add() {
        COUNT.incrementAndGet();
    }

    public static long count() {
        return COUNT.get();
    }
}
