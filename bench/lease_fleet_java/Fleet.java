package recordprocessor.failover;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;
import recordprocessor.kclpatches.LeaderLock;
import recordprocessor.kclpatches.Pace;

/** A fleet of workers in simulated time: `java Fleet WORKERS SHARDS FAILOVER_MILLIS RUNS`. */
public final class Fleet {
    private static final String HEAD = "%-42s %-7s %-20s %-20s %11s %8s";
    private static final String LINE = "%-42s %-7s %-20s %-20s %11.2f %8.0f";
    private static final long SECOND = 1000 * Tables.MILLI;
    private static final long WATCH_MILLIS = 501;
    private static final long ASK_MILLIS = 50;
    private static final long ROUND_MILLIS = 1000;
    private static final int LONGEST_ROUND_MILLIS = 100; // of the tables, in which the interval does not count
    private static final long GIVE_BACK_NANOS = 500 * Tables.MILLI;
    private static final long STEP_NANOS = 10 * Tables.MILLI;

    private record Event(long at, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    private final Tables tables;
    private final boolean before;
    private final long failoverMillis;
    private final List<SimulatedWorker> workers = new ArrayList<>();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Set<String> waiting = new HashSet<>();
    private long order;

    private Fleet(int size, int shards, long failoverMillis, boolean before, long seed) {
        this.tables = new Tables(seed);
        this.before = before;
        this.failoverMillis = failoverMillis;
        for (int shard = 0; shard < shards; shard++) {
            String key = "shard-" + shard;
            tables.rows.put(key, new Tables.Row(key));
        }
        for (int number = 0; number < size; number++) {
            start(new SimulatedWorker(tables, "worker-" + number, failoverMillis, before));
        }
    }

    private void start(SimulatedWorker worker) {
        workers.add(worker);
        long heartbeat = LeaderLock.within(failoverMillis).heartbeatMillis();
        repeat(worker, 1000, SimulatedWorker::report);
        repeat(worker, WATCH_MILLIS, SimulatedWorker::watch);
        repeat(worker, heartbeat, one -> one.client.heartbeat());
        repeat(worker, failoverMillis / 3 - 25, SimulatedWorker::renew);
        repeat(worker, before ? SimulatedWorker.KCLS_DISCOVERY_MILLIS : ASK_MILLIS, one -> {
            waiting.removeAll(one.discover());
        });
        every(worker, ROUND_MILLIS, LONGEST_ROUND_MILLIS, SimulatedWorker::assign);
    }

    /** What gets no answers while the worker is cut off; its watch and its decider see that themselves. */
    private void repeat(SimulatedWorker worker, long millis, Consumer<SimulatedWorker> action) {
        every(worker, millis, 1, one -> {
            if (one.runs()) {
                action.accept(one);
            }
        });
    }

    private void every(SimulatedWorker worker, long millis, int more, Consumer<SimulatedWorker> action) {
        long first = tables.now + (long) (tables.random.nextDouble() * millis * Tables.MILLI);
        at(first, () -> again(worker, millis, more, action));
    }

    private void again(SimulatedWorker worker, long millis, int more, Consumer<SimulatedWorker> action) {
        if (worker.alive) {
            action.accept(worker);
            long pause = (millis + tables.random.nextInt(more)) * Tables.MILLI;
            at(tables.now + pause, () -> again(worker, millis, more, action));
        }
    }

    private void at(long when, Runnable action) {
        events.add(new Event(when, order++, action));
    }

    private void runUntil(long end) {
        while (!events.isEmpty() && events.peek().at() <= end) {
            Event next = events.poll();
            tables.now = Math.max(tables.now, next.at());
            next.action().run();
        }
        tables.now = end;
    }

    private void runFor(double seconds) {
        runUntil(tables.now + (long) (seconds * SECOND));
    }

    private List<SimulatedWorker> leaders() {
        return workers.stream().filter(one -> one.alive && one.client.believes()).toList();
    }

    private SimulatedWorker leader() {
        return leaders().get(0);
    }

    private SimulatedWorker another() {
        List<SimulatedWorker> others = workers.stream()
                .filter(one -> !one.client.believes() && !one.held.isEmpty())
                .toList();
        return others.get(tables.random.nextInt(others.size()));
    }

    /** Times after something happened to some workers, in seconds; NaN for what does not happen. */
    private record Outcome(double elected, double moved, double twoLead, int looked) {}

    private void kill(SimulatedWorker worker) {
        worker.alive = false;
    }

    private Outcome after(List<SimulatedWorker> gone, BiConsumer<Fleet, SimulatedWorker> fate) {
        workers.forEach(one -> one.looksAfterALeader = false);
        tables.forgetCosts();
        gone.forEach(one -> waiting.addAll(one.held.keySet()));
        boolean electing = gone.stream().anyMatch(one -> one.client.believes());
        gone.forEach(one -> fate.accept(this, one));
        long begin = tables.now;
        double elected = Double.NaN;
        double moved = Double.NaN;
        double twoLead = 0;
        while (tables.now - begin < 90 * SECOND) {
            runUntil(tables.now + STEP_NANOS);
            double passed = (double) (tables.now - begin) / SECOND;
            twoLead += leaders().size() > 1 ? (double) STEP_NANOS / SECOND : 0;
            if (electing && Double.isNaN(elected) && leaders().stream().anyMatch(one -> !gone.contains(one))) {
                elected = passed;
            }
            if (Double.isNaN(moved) && waiting.isEmpty()) {
                moved = passed;
            }
        }
        return new Outcome(elected, moved, twoLead, (int) workers.stream()
                .filter(one -> one.looksAfterALeader)
                .count());
    }

    private List<SimulatedWorker> leaderAndWatchers() {
        SimulatedWorker leader = leader();
        long live = workers.stream().filter(one -> one.alive).count();
        return workers.stream()
                .filter(one -> one == leader || Pace.watches(one.name, leader.name, (int) live))
                .toList();
    }

    private void stop(SimulatedWorker worker) {
        worker.leave();
        at(tables.now + GIVE_BACK_NANOS, worker::giveBack);
    }

    private static Fleet settled(String[] size, boolean before, long seed) {
        Fleet fleet = new Fleet(
                Integer.parseInt(size[0]), Integer.parseInt(size[1]), Long.parseLong(size[2]), before, seed);
        fleet.runFor(40);
        return fleet;
    }

    public static void main(String[] size) {
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
        costs(size);
        int runs = Integer.parseInt(size[3]);
        boolean small = Integer.parseInt(size[0]) <= 16;
        print("");
        String what = "what happens; min, median, max of " + runs;
        print(HEAD, what, "", "a new leader, s", "all its shards, s", "two lead, s", "looking");
        scenario("another worker is killed", size, fleet -> List.of(fleet.another()), Fleet::kill);
        scenario("the leader is killed", size, fleet -> List.of(fleet.leader()), Fleet::kill);
        scenario("the leader is cut off", size, fleet -> List.of(fleet.leader()), (fleet, one) -> one.cutOff = true);
        scenario("the leader stops", size, fleet -> List.of(fleet.leader()), Fleet::stop);
        scenario("another worker stops", size, fleet -> List.of(fleet.another()), Fleet::stop);
        if (!small) {
            scenario("leader and all close watchers are killed", size, Fleet::leaderAndWatchers, Fleet::kill);
        }
    }

    private static void costs(String[] size) {
        for (boolean before : new boolean[] {true, false}) {
            Fleet fleet = settled(size, before, 1);
            fleet.tables.forgetCosts();
            fleet.runFor(60);
            int workers = fleet.workers.size();
            print("%s: %d workers, %s shards, a minute", before ? "before" : "now", workers, size[1]);
            double[] reads = new double[2];
            fleet.tables.costs.forEach((call, cost) -> {
                print("  %-34s %9d calls %9.0f units, a worker %6.1f calls %6.1f units",
                        call, cost.calls, cost.units, (double) cost.calls / workers, cost.units / workers);
                if (call.endsWith("Query") || call.endsWith("GetItem")) {
                    reads[0] += cost.calls;
                    reads[1] += cost.units;
                }
            });
            print("  reads of a worker: %.1f calls, %.1f units", reads[0] / workers, reads[1] / workers);
            fleet.tables.hottest.forEach((key, units) -> print("  at most %6.0f units a second: %s", units, key));
        }
    }

    private static void scenario(
            String name,
            String[] size,
            Function<Fleet, List<SimulatedWorker>> gone,
            BiConsumer<Fleet, SimulatedWorker> fate) {
        for (boolean before : new boolean[] {true, false}) {
            List<Outcome> outcomes = new ArrayList<>();
            Map<String, Double> hottest = new TreeMap<>();
            for (int run = 0; run < Integer.parseInt(size[3]); run++) {
                Fleet fleet = settled(size, before, 100 + run);
                fleet.runFor(fleet.tables.random.nextDouble() * 5);
                outcomes.add(fleet.after(gone.apply(fleet), fate));
                fleet.tables.hottest.forEach((key, units) -> hottest.merge(key, units, Math::max));
            }
            print(LINE, name, before ? "before" : "now",
                    spread(outcomes, Outcome::elected), spread(outcomes, Outcome::moved),
                    outcomes.stream().mapToDouble(Outcome::twoLead).max().orElse(0),
                    outcomes.stream().mapToDouble(Outcome::looked).max().orElse(0));
            print("    most units a second: %s", hottest.entrySet().stream()
                    .map(key -> String.format(Locale.ROOT, "%s %.0f", key.getKey(), key.getValue()))
                    .collect(Collectors.joining("; ")));
        }
    }

    private static String spread(List<Outcome> outcomes, Function<Outcome, Double> value) {
        double[] sorted = outcomes.stream()
                .mapToDouble(value::apply)
                .sorted()
                .toArray();
        return sorted.length == 0 || Double.isNaN(sorted[0])
                ? "-"
                : String.format(
                        Locale.ROOT,
                        "%.1f %.1f %.1f",
                        sorted[0],
                        sorted[sorted.length / 2],
                        sorted[sorted.length - 1]);
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
