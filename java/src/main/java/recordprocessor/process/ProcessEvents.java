package recordprocessor.process;

import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** Logs the end of a shard process that was not asked to end. */
public final class ProcessEvents {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessEvents.class);

    private final String table;
    private final String shardId;

    public ProcessEvents(String table, String shardId) {
        this.table = table;
        this.shardId = shardId;
    }

    /** It is restarted here after this many milliseconds, for this many times in a row. */
    public void restarted(ProcessEnd end, Restarts restarts, long delayMillis) {
        RestartCounts.add(table, end.reason());
        ended(end, restarts.inARow())
                .addKeyValue("next_start_seconds", delayMillis / 1000.0)
                .log("the shard process {}; it restarts from its checkpoint", end.inWords());
        if (restarts.isLoopWithoutRecords()) {
            event(LOG::atError, "shard.crash_loop")
                    .addKeyValue("restarts", restarts.inARow())
                    .log(
                            "{} processes of the shard in a row ended before they received a record: check the handlers' modules and"
                                    + " memory",
                            restarts.beforeRecords());
        }
    }

    /** It has not answered for this long, without a sign of life, and is ended. */
    public void stuck(long seconds) {
        event(LOG::atError, "shard.stuck")
                .addKeyValue("seconds", seconds)
                .log(
                        "the shard process has neither answered nor shown a sign of life for {} s; it is ended and restarted",
                        seconds);
    }

    /** The shard leaves this worker anyway. */
    public void gone(ProcessEnd end, Restarts restarts) {
        ended(end, restarts.inARow())
                .log("the shard process {}; the shard's next owner continues from its checkpoint", end.inWords());
    }

    private LoggingEventBuilder ended(ProcessEnd end, int restarts) {
        LoggingEventBuilder event = event(end.isError() ? LOG::atError : LOG::atWarn, "shard.process_ended")
                .addKeyValue("reason", end.reason().text())
                .addKeyValue("restarts", restarts);
        return end.signal().isEmpty()
                ? event.addKeyValue("status", end.status())
                : event.addKeyValue("signal", end.signal());
    }

    private LoggingEventBuilder event(Supplier<LoggingEventBuilder> level, String name) {
        return level.get()
                .addMarker(MarkerFactory.getMarker(name))
                .addKeyValue("table", table)
                .addKeyValue("shard_id", shardId);
    }
}
