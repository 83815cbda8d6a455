package recordprocessor.streams;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;
import recordprocessor.config.StreamArn;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.SdkResponse;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsResponse;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorResponse;
import software.amazon.awssdk.services.dynamodb.model.Record;
import software.amazon.awssdk.services.dynamodb.model.ShardIteratorType;

/**
 * Fixes LATEST for a shard at the moment of its first start.
 *
 * <p>A shard that has seen nothing has no sequence number to continue from: its checkpoint stays LATEST, and KCL takes
 * that for "from now on" each time that it starts the shard again, even within a process when an iterator expires. What
 * was written in between was silently lost. Here the first time is kept ({@link StartTimes}); each later time the shard
 * is read from its oldest record, and what is older than the first time is skipped.
 *
 * <p>A record's time, ApproximateCreationDateTime, is in whole seconds, rounded down (in DynamoDB Local in whole
 * minutes). So records of the two or three seconds before the first start may be delivered too; none that came after it
 * is left out.
 */
final class LatestPositions implements ExecutionInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(LatestPositions.class);
    private static final ExecutionAttribute<Instant> SINCE = new ExecutionAttribute<>("LatestSince");
    private static final Duration GRAIN = Duration.ofSeconds(1);
    private static final Duration LOCAL_GRAIN = Duration.ofMinutes(1);

    private final Function<String, Optional<Instant>> startsBefore;
    private final BinaryOperator<String> leaseKeys;
    private final Duration grain;
    /** The first start, by iterator that is or may be before it. One for each shard that is catching up. */
    private final Map<String, Instant> catchingUp = new ConcurrentHashMap<>();

    /**
     * @param startsBefore by lease key: when the shard was started before ({@link StartTimes#before})
     * @param leaseKeys from a stream's name in KCL and a shard's id to the lease's key
     */
    LatestPositions(
            Function<String, Optional<Instant>> startsBefore, BinaryOperator<String> leaseKeys, boolean isLocal) {
        this.startsBefore = startsBefore;
        this.leaseKeys = leaseKeys;
        this.grain = isLocal ? LOCAL_GRAIN : GRAIN;
    }

    @Override
    public SdkRequest modifyRequest(Context.ModifyRequest context, ExecutionAttributes attributes) {
        if (!(context.request() instanceof GetShardIteratorRequest request)
                || request.shardIteratorType() != ShardIteratorType.LATEST) {
            return context.request();
        }
        StreamArn arn = new StreamArn(request.streamArn());
        Optional<Instant> before = startsBefore.apply(leaseKeys.apply(arn.kclStreamName(), request.shardId()));
        if (before.isEmpty()) {
            return request;
        }
        Instant since = Instant.ofEpochMilli(
                Math.floorDiv(before.get().toEpochMilli(), grain.toMillis()) * grain.toMillis());
        attributes.putAttribute(SINCE, since);
        LOG.atInfo()
                .addMarker(MarkerFactory.getMarker("shard.latest"))
                .addKeyValue("table", arn.table())
                .addKeyValue("shard_id", request.shardId())
                .addKeyValue("since", since.toString())
                .log("the shard was started at LATEST and nothing is checkpointed yet: it continues from that time");
        return request.toBuilder()
                .shardIteratorType(ShardIteratorType.TRIM_HORIZON)
                .build();
    }

    @Override
    public SdkResponse modifyResponse(Context.ModifyResponse context, ExecutionAttributes attributes) {
        if (context.response() instanceof GetShardIteratorResponse response) {
            Instant since = attributes.getAttribute(SINCE);
            if (since != null && response.shardIterator() != null) {
                catchingUp.put(response.shardIterator(), since);
            }
        } else if (context.response() instanceof GetRecordsResponse response
                && context.request() instanceof GetRecordsRequest request) {
            Instant since = catchingUp.remove(request.shardIterator());
            return since == null ? response : passedOver(response, since);
        }
        return context.response();
    }

    /** Whether records at this iterator may have to be passed over. */
    boolean isCatchingUp(String iterator) {
        return catchingUp.containsKey(iterator);
    }

    /** Returns the records without those before that time; with the first one after it the shard has caught up. */
    private GetRecordsResponse passedOver(GetRecordsResponse response, Instant since) {
        List<Record> records = response.records();
        int first = 0;
        while (first < records.size() && isBefore(records.get(first), since)) {
            first++;
        }
        if (first == records.size() && response.nextShardIterator() != null) {
            catchingUp.put(response.nextShardIterator(), since);
        }
        return response.toBuilder()
                .records(records.subList(first, records.size()))
                .build();
    }

    private static boolean isBefore(Record record, Instant since) {
        Instant created = record.dynamodb().approximateCreationDateTime();
        return created != null && created.isBefore(since);
    }
}
