package recordprocessor;

import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Looks that are repeated for as long as the process lives, and never keep it alive. */
public final class Timers {
    private Timers() {}

    /** In a thread of its own; the next look begins so long after the last one ended. */
    public static void repeat(String name, Runnable look, long millis) {
        Executors.newSingleThreadScheduledExecutor(task -> {
                    Thread thread = new Thread(task, name);
                    thread.setDaemon(true);
                    return thread;
                })
                .scheduleWithFixedDelay(look, millis, millis, TimeUnit.MILLISECONDS);
    }
}
