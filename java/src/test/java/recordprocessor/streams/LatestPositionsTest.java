package recordprocessor.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.SdkResponse;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.InterceptorContext;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsResponse;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorResponse;
import software.amazon.awssdk.services.dynamodb.model.Record;
import software.amazon.awssdk.services.dynamodb.model.ShardIteratorType;

class LatestPositionsTest {
    private static final String ARN =
            "arn:aws:dynamodb:us-west-2:000000000000:table/Phones/stream/2026-11-23T06:31:23.882";
    private static final Instant START = Instant.parse("2026-11-25T12:00:10.750Z");

    private String askedFor;

    private LatestPositions positions(Optional<Instant> before, boolean isLocal) {
        return new LatestPositions(
                leaseKey -> {
                    askedFor = leaseKey;
                    return before;
                },
                (stream, shardId) -> stream + "/" + shardId,
                isLocal);
    }

    private static GetShardIteratorRequest iterator(ShardIteratorType type) {
        return GetShardIteratorRequest.builder()
                .streamArn(ARN)
                .shardId("shardId-1")
                .shardIteratorType(type)
                .build();
    }

    private static GetShardIteratorRequest sent(
            LatestPositions positions, GetShardIteratorRequest request, ExecutionAttributes attributes) {
        return (GetShardIteratorRequest)
                positions.modifyRequest(InterceptorContext.builder().request(request).build(), attributes);
    }

    private static SdkResponse answered(
            LatestPositions positions, SdkRequest request, SdkResponse response, ExecutionAttributes attributes) {
        return positions.modifyResponse(
                InterceptorContext.builder().request(request).response(response).build(), attributes);
    }

    /** A shard that was started before is started again, and has the iterator "i0". */
    private static void beginAgain(LatestPositions positions) {
        ExecutionAttributes attributes = new ExecutionAttributes();
        GetShardIteratorRequest request = sent(positions, iterator(ShardIteratorType.LATEST), attributes);
        GetShardIteratorResponse response =
                GetShardIteratorResponse.builder().shardIterator("i0").build();
        answered(positions, request, response, attributes);
    }

    private static List<String> read(LatestPositions positions, String iterator, String next, String... created) {
        GetRecordsResponse response = GetRecordsResponse.builder()
                .nextShardIterator(next)
                .records(Arrays.stream(created)
                        .map(time -> Record.builder()
                                .eventID(time)
                                .dynamodb(change -> change.approximateCreationDateTime(
                                        Instant.parse("2026-11-25T" + time + "Z")))
                                .build())
                        .toList())
                .build();
        GetRecordsRequest request =
                GetRecordsRequest.builder().shardIterator(iterator).build();
        GetRecordsResponse passed =
                (GetRecordsResponse) answered(positions, request, response, new ExecutionAttributes());
        return passed.records().stream().map(Record::eventID).toList();
    }

    @Test
    void theFirstTimeLatestIsLatest() {
        GetShardIteratorRequest request = iterator(ShardIteratorType.LATEST);
        assertSame(request, sent(positions(Optional.empty(), false), request, new ExecutionAttributes()));
        assertEquals("us-west-2$000000000000$Phones$2026-11-23T06_31_23.882/shardId-1", askedFor);
    }

    @Test
    void aPositionInTheShardStaysWhatItIs() {
        GetShardIteratorRequest request = iterator(ShardIteratorType.AFTER_SEQUENCE_NUMBER);
        assertSame(request, sent(positions(Optional.of(START), false), request, new ExecutionAttributes()));
    }

    @Test
    void theNextTimeWhatCameSinceTheFirstIsReadAndWhatWasOlderIsPassedOver() {
        LatestPositions positions = positions(Optional.of(START), false);
        beginAgain(positions);
        assertEquals(List.of(), read(positions, "i0", "i1", "11:00:00", "12:00:09"));
        assertEquals(List.of(), read(positions, "i1", "i2"));
        // Records of the very second of the start are kept: nobody knows whether they are older or newer.
        assertEquals(List.of("12:00:10", "12:00:12"), read(positions, "i2", "i3", "12:00:09", "12:00:10", "12:00:12"));
    }

    @Test
    void behindTheFirstNewRecordNothingIsPassedOver() {
        LatestPositions positions = positions(Optional.of(START), false);
        beginAgain(positions);
        assertEquals(List.of("12:00:11", "12:00:09"), read(positions, "i0", "i1", "12:00:11", "12:00:09"));
        assertEquals(List.of("12:00:09"), read(positions, "i1", "i2", "12:00:09"));
    }

    @Test
    void anotherShardsRecordsAreNotTouched() {
        LatestPositions positions = positions(Optional.of(START), false);
        beginAgain(positions);
        assertEquals(List.of("11:00:00"), read(positions, "another", "next", "11:00:00"));
    }

    @Test
    void dynamoDbLocalsGrainOfAMinuteIsAllowedFor() {
        LatestPositions positions = positions(Optional.of(START), true);
        beginAgain(positions);
        assertEquals(List.of("12:00:00"), read(positions, "i0", "i1", "11:59:00", "12:00:00"));
    }

    @Test
    void withoutTheLeaseTablesAnswerNothingBegins() {
        Function<String, Optional<Instant>> away = leaseKey -> {
            throw new CompletionException(new IllegalStateException("throttled"));
        };
        LatestPositions positions = new LatestPositions(away, (stream, shardId) -> shardId, false);
        assertThrows(
                CompletionException.class,
                () -> sent(positions, iterator(ShardIteratorType.LATEST), new ExecutionAttributes()));
    }
}
