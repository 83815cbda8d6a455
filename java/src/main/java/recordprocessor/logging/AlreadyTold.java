package recordprocessor.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import recordprocessor.process.ProcessEndedException;

/** Leaves out the stack trace with which KCL passes on that a shard's process ended: the log has an event for it. */
public final class AlreadyTold extends Filter<ILoggingEvent> {
    private static final String NAME = ProcessEndedException.class.getName();

    @Override
    public FilterReply decide(ILoggingEvent event) {
        for (IThrowableProxy error = event.getThrowableProxy(); error != null; error = error.getCause()) {
            if (NAME.equals(error.getClassName())) {
                return FilterReply.DENY;
            }
        }
        return FilterReply.NEUTRAL;
    }
}
