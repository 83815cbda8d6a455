package recordprocessor.fence;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.logging.Causes;

/**
 * CLOCK_BOOTTIME: the clock that keeps counting while the host is suspended. Other hosts' clocks do, so a lease's time
 * must.
 *
 * <p>{@link System#nanoTime} is CLOCK_MONOTONIC, which stops then. Java cannot read CLOCK_BOOTTIME; but the kernel
 * shows it in /proc/uptime, in hundredths of a second, rounded down. So this clock may be a hundredth of a second
 * behind the one that shard processes read, but never ahead: a lease ends a hundredth early, and never late.
 *
 * <p>In some containers that file counts from the container's start. The parent process, which can read the clock
 * itself, passes the difference in a system property. Without such a file (not Linux), the two clocks are treated as
 * one, as the Python side does without CLOCK_BOOTTIME.
 */
public final class BootTime {
    /** How many seconds CLOCK_BOOTTIME is ahead of the time in /proc/uptime, rounded down. */
    public static final String AHEAD_OF_UPTIME_PROPERTY = "recordProcessor.bootTimeAheadSeconds";

    private static final Logger LOG = LoggerFactory.getLogger(BootTime.class);
    private static final double NANOS = 1e9;
    private static final BootTime OF_THIS_HOST = new BootTime(
            Path.of("/proc/uptime"), Long.getLong(AHEAD_OF_UPTIME_PROPERTY, 0) * 1_000_000_000L, System::nanoTime);

    private final Path uptime;
    private final long aheadOfUptimeNanos;
    private final LongSupplier monotonic;
    private final boolean readable;
    private volatile long last;

    BootTime(Path uptime, long aheadOfUptimeNanos, LongSupplier monotonic) {
        this.uptime = uptime;
        this.aheadOfUptimeNanos = aheadOfUptimeNanos;
        this.monotonic = monotonic;
        this.readable = Files.isReadable(uptime);
    }

    /** Returns the current time in nanoseconds. */
    public static long nanos() {
        return OF_THIS_HOST.now();
    }

    long now() {
        if (!readable) {
            return monotonic.getAsLong();
        }
        try {
            // Up to the idle time of the processors, which follows the space.
            String text = Files.readString(uptime);
            double seconds = Double.parseDouble(text.substring(0, text.indexOf(' ')));
            last = Math.round(seconds * NANOS) + aheadOfUptimeNanos;
        } catch (IOException | RuntimeException error) {
            // A clock that stands still makes leases expire, which is the safe side.
            LOG.warn("cannot read {}: {}", uptime, Causes.of(error));
        }
        return last;
    }
}
