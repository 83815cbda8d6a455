package recordprocessor.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.Timers;

/**
 * What this JVM says about itself every second, in a file of the run directory that the worker's parent process reads:
 * its leases, its memory and its garbage collections. The Python side is {@code host/metrics/jvm_report.py}.
 */
public final class JvmReport {
    private static final Logger LOG = LoggerFactory.getLogger(JvmReport.class);
    private static final long MILLIS = 1000;
    private static final double SECOND = 1000.0;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path path;
    private final Path unfinished;
    private final Supplier<Map<String, Object>> worker;
    private final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    private final List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private boolean failed;

    /** @param worker returns what is known about the worker, by the names of the file */
    public JvmReport(Path folder, Supplier<Map<String, Object>> worker) {
        this.path = folder.resolve("jvm.json");
        this.unfinished = folder.resolve("jvm.json.new");
        this.worker = worker;
    }

    public void start() {
        Timers.repeat("jvm-report", this::write, MILLIS);
    }

    void write() {
        try {
            Files.write(unfinished, JSON.writeValueAsBytes(content()));
            // Whoever reads it finds all of the old one or all of the new one.
            Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            failed = false;
        } catch (IOException error) {
            if (!failed) {
                LOG.warn("cannot write {}: the worker's metrics and health do not show its JVM", path, error);
            }
            failed = true;
        }
    }

    private Map<String, Object> content() {
        Map<String, Object> content = new LinkedHashMap<>(worker.get());
        content.put("at", System.currentTimeMillis() / SECOND);
        content.put(
                "memory",
                List.of(area("heap", memory.getHeapMemoryUsage()), area("nonheap", memory.getNonHeapMemoryUsage())));
        content.put(
                "collectors", collectors.stream().map(JvmReport::collector).toList());
        content.put("threads", threads.getThreadCount());
        return content;
    }

    private static Map<String, Object> area(String name, MemoryUsage usage) {
        return Map.of(
                "area", name, "used", usage.getUsed(), "committed", usage.getCommitted(), "max", usage.getMax());
    }

    private static Map<String, Object> collector(GarbageCollectorMXBean collector) {
        return Map.of(
                "name", collector.getName(),
                // -1 means that it does not know.
                "count", Math.max(0, collector.getCollectionCount()),
                "seconds", Math.max(0, collector.getCollectionTime()) / SECOND);
    }
}
