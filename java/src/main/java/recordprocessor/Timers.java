package recordprocessor;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tasks that repeat for as long as the process lives, and never keep it alive. All periodic work goes through here. */
public final class Timers {
    private static final Logger LOG = LoggerFactory.getLogger(Timers.class);

    private Timers() {}

    /** A repeating task; closing it ends the repetition, for a part that ends before the process does. */
    public interface Repeated extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Each runs in its own thread, so that one that waits for a table delays no other; the next run starts this long
     * after the last one ended.
     */
    public static Repeated repeat(String name, Runnable look, long millis) {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        timer.scheduleWithFixedDelay(() -> lookOnce(name, look), millis, millis, TimeUnit.MILLISECONDS);
        return timer::shutdownNow;
    }

    /** Without this, Java would silently never repeat a task that has failed once. */
    private static void lookOnce(String name, Runnable look) {
        try {
            look.run();
        } catch (Throwable error) {
            LOG.warn("{} failed; retrying", name, error);
        }
    }
}
