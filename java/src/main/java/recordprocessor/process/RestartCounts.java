package recordprocessor.process;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How often shard processes of this JVM were restarted, by table and reason. Thread-safe. */
public final class RestartCounts {
    private static final Map<Key, LongAdder> COUNTS = new ConcurrentHashMap<>();

    private RestartCounts() {}

    private record Key(String table, ProcessEnd.Reason reason) {}

    static void add(String table, ProcessEnd.Reason reason) {
        COUNTS.computeIfAbsent(new Key(table, reason), key -> new LongAdder()).increment();
    }

    /** Returns them as {@code JvmReport} has them. */
    public static List<Map<String, Object>> all() {
        return COUNTS.entrySet().stream()
                .map(one -> Map.<String, Object>of(
                        "table", one.getKey().table(),
                        "reason", one.getKey().reason().text(),
                        "count", one.getValue().sum()))
                .toList();
    }
}
