package recordprocessor.failover;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The calls of KCL 3.1.3's decider and of the lock client 1.4.0, replayed. */
final class LockClient {
    private final Tables tables;
    private final String owner;
    private final long leaseNanos;
    private final long heartbeatNanos;
    private final Supplier<Map<String, AttributeValue>> read;

    private String held;
    private long heldSince;
    private String observed;
    private long observedSince;
    private long observedLifeNanos;
    private long lastCheck = Long.MIN_VALUE / 2;
    private boolean lastResult;

    LockClient(
            Tables tables,
            String owner,
            long leaseNanos,
            long heartbeatNanos,
            Supplier<Map<String, AttributeValue>> read) {
        this.tables = tables;
        this.owner = owner;
        this.leaseNanos = leaseNanos;
        this.heartbeatNanos = heartbeatNanos;
        this.read = read;
    }

    /** Returns whether this worker believes that it leads, without asking. */
    boolean believes() {
        return held != null && tables.now - heldSince <= leaseNanos;
    }

    boolean isLeader() {
        if (!lastResult && tables.now - lastCheck < heartbeatNanos) {
            return false;
        }
        if (held == null) {
            read.get(); // what it finds is never its own, and KCL then asks for the lock in any case
            lastResult = acquire();
        } else {
            lastResult = believes() || acquire();
        }
        lastCheck = tables.now;
        return lastResult;
    }

    private boolean acquire() {
        Map<String, AttributeValue> item = read.get();
        if (item.isEmpty()) {
            return put(Map::isEmpty);
        }
        String version = version(item);
        if (!version.equals(observed)) {
            observed = version;
            observedSince = tables.now;
            observedLifeNanos = Long.parseLong(item.get("leaseDuration").s()) * Tables.MILLI;
            return false;
        }
        return tables.now - observedSince > observedLifeNanos && put(there -> version.equals(version(there)));
    }

    private boolean put(Function<Map<String, AttributeValue>, Boolean> condition) {
        boolean granted = condition.apply(tables.lock);
        tables.countLockWrite(granted ? "PutItem" : "PutItem (refused)");
        if (granted) {
            write(new HashMap<>());
        }
        return granted;
    }

    private void write(Map<String, AttributeValue> item) {
        held = owner + "-" + tables.random.nextLong();
        heldSince = tables.now;
        item.put("ownerName", AttributeValue.fromS(owner));
        item.put("recordVersionNumber", AttributeValue.fromS(held));
        item.put("leaseDuration", AttributeValue.fromS(Long.toString(leaseNanos / Tables.MILLI)));
        tables.writeLock(item);
    }

    void heartbeat() {
        if (held == null) {
            return;
        }
        tables.countLockWrite("UpdateItem");
        if (held.equals(version(tables.lock))) {
            write(new HashMap<>(tables.lock));
        } else {
            held = null;
        }
    }

    void release() {
        if (held != null && held.equals(version(tables.lock))) {
            tables.countLockWrite("DeleteItem");
            tables.writeLock(Map.of());
        }
        held = null;
    }

    private static String version(Map<String, AttributeValue> item) {
        return item.isEmpty() ? "" : item.get("recordVersionNumber").s();
    }
}
