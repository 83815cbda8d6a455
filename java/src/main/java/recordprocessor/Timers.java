package recordprocessor;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks that are repeated for as long as the process lives, and never keep it alive. All periodic work goes through here. */
public final class Timers {
    private static final Logger LOG = LoggerFactory.getLogger(Timers.class);

    private Timers() {}

    /** One that is repeated; closing it ends that, for a part that ends before the process does. */
    public interface Repeated extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * In a thread of its own, so that a look that waits for a table delays no other; the next look begins so long after the last
     * one ended.
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

    /** Java never repeats again, and says nothing, what has failed once. */
    private static void lookOnce(String name, Runnable look) {
        try {
            look.run();
        } catch (Throwable error) {
            LOG.warn("{} failed; trying again", name, error);
        }
    }
}
