package recordprocessor.process;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.Set;

/**
 * Leaves out stack traces of KCL that say nothing new: that a shard process ended, for which the log has an event, and
 * that a stop interrupted one of KCL's sleeps.
 */
public final class AlreadyTold extends Filter<ILoggingEvent> {
    private static final Set<String> NAMES =
            Set.of(ProcessEndedException.class.getName(), InterruptedException.class.getName());

    @Override
    public FilterReply decide(ILoggingEvent event) {
        for (IThrowableProxy error = event.getThrowableProxy(); error != null; error = error.getCause()) {
            if (NAMES.contains(error.getClassName())) {
                return FilterReply.DENY;
            }
        }
        return FilterReply.NEUTRAL;
    }
}
