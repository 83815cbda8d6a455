package recordprocessor.kclpatches;

import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.retrieval.kpl.ExtendedSequenceNumber;

/** A lease table in memory: each write is conditional on the counter, as KCL's are, and moves it by one. */
public final class LeaseRows {
    public static final String US = "us";

    public final Map<String, Lease> rows = new ConcurrentHashMap<>();
    /** What happens before a write of a lease, by its key; by default nothing. */
    public volatile UnaryOperator<String> before = UnaryOperator.identity();
    /** Whether an answer gets lost after the write was made. */
    public volatile boolean answersAreLost;

    public Lease add(String key, String owner) {
        Lease lease = new Lease();
        lease.leaseKey(key);
        lease.leaseOwner(owner);
        lease.leaseCounter(7L);
        lease.concurrencyToken(UUID.randomUUID());
        lease.lastCounterIncrementNanos(System.nanoTime());
        lease.checkpoint(ExtendedSequenceNumber.TRIM_HORIZON);
        lease.ownerSwitchesSinceCheckpoint(0L);
        rows.put(key, lease.copy());
        return lease;
    }

    public LeaseRefresher table() {
        return (LeaseRefresher) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {LeaseRefresher.class}, (proxy, method, arguments) ->
                        switch (method.getName()) {
                            case "renewLease", "updateLease" -> write((Lease) arguments[0]);
                            case "getLease" -> {
                                Lease row = rows.get((String) arguments[0]);
                                yield row == null ? null : row.copy();
                            }
                            case "listLeaseKeysForWorker" -> rows.values().stream()
                                    .filter(row -> arguments[0].equals(row.leaseOwner()))
                                    .map(Lease::leaseKey)
                                    .toList();
                            case "evictLease" -> evict((Lease) arguments[0]);
                            case "listLeases" -> rows.values().stream().map(Lease::copy).toList();
                            default -> throw new UnsupportedOperationException(method.getName());
                        });
    }

    private boolean evict(Lease lease) {
        before.apply(lease.leaseKey());
        Lease row = rows.get(lease.leaseKey());
        if (!Objects.equals(row.leaseOwner(), lease.leaseOwner())) {
            return false;
        }
        row.leaseOwner(null);
        return true;
    }

    private boolean write(Lease lease) {
        before.apply(lease.leaseKey());
        synchronized (rows) {
            Lease row = rows.get(lease.leaseKey());
            if (row == null || !row.leaseCounter().equals(lease.leaseCounter())) {
                return false;
            }
            Lease next = lease.copy();
            next.leaseCounter(lease.leaseCounter() + 1);
            rows.put(lease.leaseKey(), next);
        }
        if (answersAreLost) {
            throw new IllegalStateException("the answer is lost");
        }
        lease.leaseCounter(lease.leaseCounter() + 1);
        return true;
    }
}
