package recordprocessor.startup;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;

/**
 * Whether KCL failed to start, which it retries twenty times and reports only in its log.
 *
 * <p>A stop in the meantime has nothing to save; but it ends a worker that never worked, so it is not a success.
 */
public final class FailedAttempts extends Filter<ILoggingEvent> {
    private static final String LOGGER = "software.amazon.kinesis.coordinator.Scheduler";
    private static final String MESSAGE = "Caught exception when initializing LeaseCoordinator";

    private static volatile boolean seen;

    public static boolean seen() {
        return seen;
    }

    /** Only looks: every line goes on as it is. */
    @Override
    public FilterReply decide(ILoggingEvent event) {
        seen |= LOGGER.equals(event.getLoggerName()) && MESSAGE.equals(event.getMessage());
        return FilterReply.NEUTRAL;
    }
}
