package recordprocessor.failover;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The three tables of an application in memory, what calls of them cost, and a clock that the simulation moves. */
final class Tables {
    static final long MILLI = 1_000_000;
    private static final double LEASE_KB = 0.3;
    private static final double REPORT_KB = 0.2;
    private static final double SCANNED_KB_OF_A_UNIT = 8;
    // How long a read that is not consistent, or of the index, may miss a write.
    private static final long LAG_NANOS = 50 * MILLI;

    /** A row of the lease table; the index follows it a moment later. */
    static final class Row {
        final String key;
        String owner;
        long counter;

        Row(String key) {
            this.key = key;
        }
    }

    private record Later(long at, String key, String from, String to) {}

    static final class Cost {
        long calls;
        double units;
    }

    final Random random;
    long now;
    final Map<String, Cost> costs = new TreeMap<>();
    final Map<String, Row> rows = new HashMap<>();
    final Map<String, Long> reports = new HashMap<>();
    final Map<String, String> notes = new HashMap<>();
    Map<String, AttributeValue> lock = Map.of();
    private Map<String, AttributeValue> lockBefore = Map.of();
    private long lockWritten;
    private final Map<String, Set<String>> index = new HashMap<>();
    private final List<Later> pending = new ArrayList<>();
    private final Map<String, double[]> keys = new HashMap<>();
    /** The most read units that one key was asked for in a second, by what it is. */
    final Map<String, Double> hottest = new TreeMap<>();

    Tables(long seed) {
        this.random = new Random(seed);
    }

    void count(String call, double units) {
        Cost cost = costs.computeIfAbsent(call, ignored -> new Cost());
        cost.calls++;
        cost.units += units;
    }

    void forgetCosts() {
        costs.clear();
        keys.clear();
        hottest.clear();
    }

    private void heat(String kind, String key, double units) {
        double[] second = keys.computeIfAbsent(kind + " " + key, ignored -> new double[2]);
        long at = now / (1000 * MILLI);
        if (second[0] != at) {
            second[0] = at;
            second[1] = 0;
        }
        second[1] += units;
        hottest.merge(kind, second[1], Math::max);
    }

    Map<String, AttributeValue> readLock(boolean consistent) {
        count("leader  GetItem", consistent ? 1 : 0.5);
        heat("the lock, reads", "", consistent ? 1 : 0.5);
        boolean old = !consistent && now - lockWritten < random.nextDouble() * LAG_NANOS;
        return old ? lockBefore : lock;
    }

    void writeLock(Map<String, AttributeValue> item) {
        lockBefore = lock;
        lock = item;
        lockWritten = now;
    }

    void countLockWrite(String operation) {
        count("leader  " + operation, 1);
        heat("the lock, writes", "", 1);
    }

    void report(String worker) {
        count("metrics UpdateItem", 1);
        reports.put(worker, now);
    }

    Set<String> live() {
        count("metrics Scan", REPORT_KB * reports.size() / SCANNED_KB_OF_A_UNIT);
        Set<String> live = new TreeSet<>();
        reports.forEach((worker, at) -> {
            if (now - at <= 2000 * MILLI) {
                live.add(worker);
            }
        });
        return live;
    }

    void note(String worker) {
        count("metrics UpdateItem (notes)", 1);
        notes.put(worker, Long.toString(now));
    }

    void countScan() {
        count("leases  Scan", LEASE_KB * rows.size() / SCANNED_KB_OF_A_UNIT);
    }

    /** A conditional write of a lease; null for no owner. */
    boolean write(String what, String key, long counter, String owner) {
        count("leases  UpdateItem (" + what + ")", 1);
        Row row = rows.get(key);
        if (row.counter != counter) {
            return false;
        }
        row.counter++;
        if (row.owner == null ? owner != null : !row.owner.equals(owner)) {
            pending.add(new Later(now + (long) (random.nextDouble() * LAG_NANOS), key, row.owner, owner));
            row.owner = owner;
        }
        return true;
    }

    List<String> keysOf(String worker) {
        count("leases  Query", 0.5);
        heat("an owner in the index", worker, 0.5);
        pending.removeIf(later -> {
            if (later.at > now) {
                return false;
            }
            if (later.from != null) {
                index.getOrDefault(later.from, Set.of()).remove(later.key);
            }
            if (later.to != null) {
                index.computeIfAbsent(later.to, ignored -> new TreeSet<>()).add(later.key);
            }
            return true;
        });
        return List.copyOf(index.getOrDefault(worker, Set.of()));
    }

    Row readLease(String key) {
        count("leases  GetItem", 1);
        heat("a lease", key, 1);
        return rows.get(key);
    }
}
