package recordprocessor.failover;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import recordprocessor.kclpatches.LeaderLock;
import recordprocessor.kclpatches.LockView;
import recordprocessor.kclpatches.Pace;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** One worker: our code over the tables, and KCL's calls around it. A cut-off one gets no answers. */
final class SimulatedWorker implements LockView.Table, OrphanedLeases.Table {
    static final long KCLS_DISCOVERY_MILLIS = 475;
    // Nothing is balanced here, so the first assignment is for everybody.
    private static final long ALL_REPORTED_NANOS = 2000 * Tables.MILLI;

    /** What the leader knows of a lease: the counter that it saw last, and since when. */
    private record Known(long counter, long since) {}

    final String name;
    boolean alive = true;
    boolean cutOff;
    boolean looksAfterALeader;
    final LockClient client;
    final Map<String, Long> held = new HashMap<>();
    private final Tables tables;
    private final boolean before;
    private final long failoverNanos;
    private final LockView view;
    private final LeaderWatch watch;
    private final Pace pace;
    private final Map<String, Known> known = new HashMap<>();
    private boolean led;

    SimulatedWorker(Tables tables, String name, long failoverMillis, boolean before) {
        this.tables = tables;
        this.name = name;
        this.before = before;
        this.failoverNanos = failoverMillis * Tables.MILLI;
        LeaderLock times = LeaderLock.within(failoverMillis);
        view = new LockView(this, name, times, () -> tables.now);
        watch = new LeaderWatch(view, this, name, failoverMillis, () -> tables.now);
        pace = new Pace(KCLS_DISCOVERY_MILLIS, 1000, () -> tables.now);
        client = new LockClient(
                tables,
                name,
                times.leaseMillis() * Tables.MILLI,
                times.heartbeatMillis() * Tables.MILLI,
                before ? () -> answered(tables.readLock(true)) : () -> Pace.item(view));
    }

    boolean runs() {
        return alive && !cutOff;
    }

    private <T> T answered(T answer) {
        if (cutOff) {
            throw new IllegalStateException("cut off");
        }
        return answer;
    }

    void watch() {
        watch.look();
    }

    void report() {
        tables.report(name);
        pace.reported(tables.notes.getOrDefault(name, ""));
    }

    void renew() {
        held.entrySet().removeIf(lease -> {
            if (!tables.write("renewals", lease.getKey(), lease.getValue(), name)) {
                return true;
            }
            lease.setValue(lease.getValue() + 1);
            return false;
        });
    }

    /** Returns the leases that are new. */
    Set<String> discover() {
        Set<String> found = new HashSet<>();
        if (!before && !pace.isDue()) {
            return found;
        }
        for (String key : tables.keysOf(name)) {
            if (!held.containsKey(key)) {
                Tables.Row row = tables.readLease(key);
                if (name.equals(row.owner) && tables.write("renewals", key, row.counter, name)) {
                    held.put(key, row.counter);
                    found.add(key);
                }
            }
        }
        return found;
    }

    /** A round of assignments, if this worker leads. */
    void assign() {
        boolean leads;
        try {
            leads = client.isLeader();
        } catch (IllegalStateException error) {
            leads = false;
        }
        if (!leads || cutOff || tables.now < ALL_REPORTED_NANOS) {
            led = led && cutOff;
            return;
        }
        if (!led) {
            known.clear();
            led = true;
        }
        Set<String> live = tables.live();
        if (!before) {
            Pace.tellWorkers(view, live.size());
        }
        tables.countScan();
        Map<String, Integer> loads = new HashMap<>();
        live.forEach(worker -> loads.put(worker, 0));
        tables.rows.values().stream()
                .filter(row -> row.owner != null)
                .forEach(row -> loads.computeIfPresent(row.owner, (owner, leases) -> leases + 1));
        Set<String> noted = new HashSet<>();
        for (Tables.Row row : tables.rows.values()) {
            Known last = known.get(row.key);
            if (last == null || last.counter() != row.counter) {
                known.put(row.key, new Known(row.counter, tables.now));
            }
            boolean expired = tables.now - known.get(row.key).since() >= failoverNanos;
            if ((row.owner == null || expired) && !loads.isEmpty()) {
                String next = loads.entrySet().stream()
                        .min(Map.Entry.comparingByValue())
                        .orElseThrow()
                        .getKey();
                if (tables.write("assignments", row.key, row.counter, next)) {
                    loads.merge(next, 1, Integer::sum);
                    known.put(row.key, new Known(row.counter, tables.now));
                    if (!before && noted.add(next)) {
                        tables.note(next);
                    }
                }
            }
        }
    }

    /** A graceful stop once everything is saved: out of the lock and the reports, and half a second later giveBack. */
    void leave() {
        tables.reports.remove(name);
        client.release();
        alive = false;
    }

    void giveBack() {
        held.forEach((key, counter) -> tables.write("given back", key, counter, null));
        held.clear();
    }

    @Override
    public Map<String, AttributeValue> read() {
        return answered(tables.readLock(false));
    }

    @Override
    public CompletableFuture<?> writeWorkers(String owner, int workers) {
        answered(null);
        tables.countLockWrite("UpdateItem (workers)");
        if (tables.lock.isEmpty() || !tables.lock.get("ownerName").s().equals(owner)) {
            return CompletableFuture.failedFuture(new IllegalStateException("refused"));
        }
        Map<String, AttributeValue> next = new HashMap<>(tables.lock);
        next.put("workers", AttributeValue.fromN(Integer.toString(workers)));
        tables.writeLock(next);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public List<OrphanedLeases.Seen> ownedBy(String workerId) {
        answered(null);
        looksAfterALeader = true;
        return tables.keysOf(workerId).stream()
                .map(tables::readLease)
                .filter(row -> workerId.equals(row.owner))
                .map(row -> new OrphanedLeases.Seen(row.key, workerId, row.counter))
                .toList();
    }

    @Override
    public boolean release(OrphanedLeases.Seen lease) {
        return lease.owner().equals(tables.rows.get(lease.leaseKey()).owner)
                && tables.write("freed", lease.leaseKey(), lease.counter(), null);
    }
}
