package recordprocessor.streams;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;
import recordprocessor.config.StreamArn;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.dynamodb.model.InternalServerErrorException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

/**
 * Keeps a shard that the stream does not have from being treated as ended.
 *
 * <p>The adapter takes "not found" for the end of a shard, which would be checkpointed as done without being read. That
 * is right for an expired shard. One that is younger than a stream's retention belongs to another stream: the one that
 * its table has now, which another worker of the application has already found, or the one before it. In single-stream
 * mode the lease's key does not tell. So the shard waits here until this worker reads that stream.
 */
final class ForeignShards implements ExecutionInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(ForeignShards.class);
    private static final Duration RETENTION = Duration.ofHours(24);
    private static final Duration SAID_EVERY = Duration.ofMinutes(1);
    private static final Pattern SHARD_ID = Pattern.compile("shardId-0*([0-9]{13})-.*");

    private final Map<String, Instant> saidAt = new ConcurrentHashMap<>();

    @Override
    public Throwable modifyException(Context.FailedExecution context, ExecutionAttributes attributes) {
        if (!(context.exception() instanceof ResourceNotFoundException notFound)
                || !(context.request() instanceof GetShardIteratorRequest request)
                || mayHaveExpired(request.shardId(), Instant.now())) {
            return context.exception();
        }
        say(request);
        return InternalServerErrorException.builder()
                .message("shard " + request.shardId() + " is of another stream")
                .awsErrorDetails(notFound.awsErrorDetails())
                .requestId(notFound.requestId())
                .statusCode(notFound.statusCode())
                .cause(notFound)
                .build();
    }

    /** Whether a shard with this id, which contains its creation time, may have disappeared with its last record. */
    static boolean mayHaveExpired(String shardId, Instant now) {
        Matcher matcher = SHARD_ID.matcher(shardId);
        return !matcher.matches()
                || Instant.ofEpochMilli(Long.parseLong(matcher.group(1)))
                        .plus(RETENTION)
                        .isBefore(now);
    }

    private void say(GetShardIteratorRequest request) {
        Instant now = Instant.now();
        Instant said = saidAt.get(request.shardId());
        if (said == null || said.plus(SAID_EVERY).isBefore(now)) {
            saidAt.put(request.shardId(), now);
            LOG.atWarn()
                    .addMarker(MarkerFactory.getMarker("shard.elsewhere"))
                    .addKeyValue("table", new StreamArn(request.streamArn()).table())
                    .addKeyValue("stream_arn", request.streamArn())
                    .addKeyValue("shard_id", request.shardId())
                    .log("the shard does not belong to the stream that this worker reads; it waits until the worker reads that stream");
        }
    }
}
