package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseRefresher;

class StuckHandoffsTest {
    private static final long FAILOVER_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final List<Lease> seen = new ArrayList<>();
    private final List<String> written = new ArrayList<>();
    private long now = TimeUnit.HOURS.toNanos(1);

    private final StuckHandoffs stuck = new StuckHandoffs(() -> seen, table(), FAILOVER_NANOS, () -> now);

    /** KCL's own: for a lease on its way, evicting removes only the old owner. */
    private LeaseRefresher table() {
        return (LeaseRefresher) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {LeaseRefresher.class}, (proxy, method, arguments) -> {
                    Lease lease = (Lease) arguments[0];
                    assertEquals("evictLease", method.getName());
                    written.add(lease.leaseKey() + " to " + Objects.requireNonNullElse(lease.leaseOwner(), "nobody"));
                    return true;
                });
    }

    private void add(String key, String owner, String checkpointOwner) {
        Lease lease = new Lease();
        lease.leaseKey(key);
        lease.leaseOwner(owner);
        lease.checkpointOwner(checkpointOwner);
        lease.lastCounterIncrementNanos(now);
        lease.checkpointOwnerTimeoutTimestampMillis(TimeUnit.NANOSECONDS.toMillis(now + 6 * FAILOVER_NANOS));
        seen.add(lease);
    }

    @Test
    void aHandoffWhoseOldOwnerIsGoneEndsWithTheNewOne() {
        add("on its way", "new", "old");
        stuck.look();
        assertEquals(List.of(), written);
        now += FAILOVER_NANOS + 1;
        stuck.look();
        assertEquals(List.of("on its way to new"), written);
    }

    @Test
    void aLeaseOnItsWayToNobodyBecomesFree() {
        add("left alone", null, "old");
        now += FAILOVER_NANOS + 1;
        stuck.look();
        assertEquals(List.of("left alone to nobody"), written);
    }

    @Test
    void aHandoffThatTakesLongerThanItMayEndsThoughItsOldOwnerRenews() {
        add("on its way", "new", "old");
        now += 6 * FAILOVER_NANOS;
        seen.get(0).lastCounterIncrementNanos(now);
        stuck.look();
        assertEquals(List.of("on its way to new"), written);
    }

    @Test
    void aLeaseThatNobodyHandsOverIsLeftAlone() {
        add("held", "one", null);
        add("free", null, null);
        now += 2 * FAILOVER_NANOS;
        stuck.look();
        assertEquals(List.of(), written);
    }
}
