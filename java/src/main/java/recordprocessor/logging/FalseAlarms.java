package recordprocessor.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;
import java.util.Map;

/**
 * Lines that KCL logs as errors or warnings and that mean nothing here.
 *
 * <p>Its auditor checks every two minutes whether the shards' ranges of hash keys have gaps, which must not happen in
 * Kinesis. DynamoDB's shards have no such ranges, so it always finds gaps, and then looks for new shards, which does no
 * harm. And a stop that KCL does not end is ended from here, which it takes for a second request.
 */
public final class FalseAlarms extends Filter<ILoggingEvent> {
    private static final Map<String, List<String>> BEGINNINGS = Map.of(
            "software.amazon.kinesis.coordinator.PeriodicShardSyncManager",
            List.of("Incomplete hash range found", "No leases with valid hashranges found"),
            "software.amazon.kinesis.leases.HierarchicalShardSyncer",
            List.of("Incomplete hash range found"),
            "software.amazon.kinesis.coordinator.Scheduler",
            List.of("Shutdown requested a second time"));

    @Override
    public FilterReply decide(ILoggingEvent event) {
        boolean isOne = BEGINNINGS.getOrDefault(event.getLoggerName(), List.of()).stream()
                .anyMatch(event.getMessage()::startsWith);
        return isOne ? FilterReply.DENY : FilterReply.NEUTRAL;
    }
}
