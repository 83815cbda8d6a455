package recordprocessor.streams;

import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;
import recordprocessor.config.StreamArn;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.dynamodb.model.TrimmedDataAccessException;

/**
 * Reports when a shard cannot continue from its position, because DynamoDB keeps records for 24 hours only.
 *
 * <p>The adapter continues from the oldest record that is left, or waits; either way it logs no more than a warning.
 * Both ways ask for an iterator after the last record that was read, and are refused: this class sees the refusal. What
 * was lost begins after that sequence number. Where it ends is not known before the next record is there, and never if
 * the shard is empty.
 */
final class TrimmedDataWatch implements ExecutionInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(TrimmedDataWatch.class);

    private final boolean goesOn;
    private final AtomicInteger count = new AtomicInteger();

    TrimmedDataWatch(boolean goesOn) {
        this.goesOn = goesOn;
    }

    @Override
    public void onExecutionFailure(Context.FailedExecution context, ExecutionAttributes attributes) {
        if (!(context.exception() instanceof TrimmedDataAccessException)
                || !(context.request() instanceof GetShardIteratorRequest request)) {
            return;
        }
        String then = goesOn
                ? "the shard goes on from the oldest record there is"
                : "the shard stands still, as trimmedData = stop says";
        LOG.atError()
                .addMarker(MarkerFactory.getMarker("data.trimmed"))
                .addKeyValue("table", new StreamArn(request.streamArn()).table())
                .addKeyValue("stream_arn", request.streamArn())
                .addKeyValue("shard_id", request.shardId())
                .addKeyValue("lost_after_sequence_number", request.sequenceNumber())
                .addKeyValue("count", count.incrementAndGet())
                .log("records are lost: DynamoDB has trimmed those after the last one read; {}", then);
    }
}
