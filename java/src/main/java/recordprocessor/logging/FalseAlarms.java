package recordprocessor.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;

/**
 * Lines that KCL logs as errors and that mean nothing for DynamoDB.
 *
 * <p>Its auditor looks every two minutes whether the shards' ranges of hash keys have holes, as they must not in Kinesis.
 * DynamoDB's shards have no such ranges, so it finds holes always, and then looks for new shards, which does no harm.
 */
public final class FalseAlarms extends Filter<ILoggingEvent> {
    private static final List<String> LOGGERS = List.of(
            "software.amazon.kinesis.coordinator.PeriodicShardSyncManager",
            "software.amazon.kinesis.leases.HierarchicalShardSyncer");
    private static final List<String> BEGINNINGS =
            List.of("Incomplete hash range found", "No leases with valid hashranges found");

    @Override
    public FilterReply decide(ILoggingEvent event) {
        boolean isOne = LOGGERS.contains(event.getLoggerName())
                && BEGINNINGS.stream().anyMatch(event.getMessage()::startsWith);
        return isOne ? FilterReply.DENY : FilterReply.NEUTRAL;
    }
}
