package recordprocessor.records;

import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.adapter.DynamoDBStreamsGetRecordsResponseAdapter;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/**
 * The adapter's client, whose records are DynamoDB's own bytes.
 *
 * <p>The adapter has the SDK make objects of a record, makes JSON of those, and does the latter again for each of the
 * four times that somebody looks at a response. Here the bytes stay as they came ({@link BodyReader}).
 */
public final class StreamsClient extends AmazonDynamoDBStreamsAdapterClient {
    /** @param client has a {@link BodyReader} */
    public StreamsClient(DynamoDbStreamsClient client, Region region) {
        super(client, region);
    }

    @Override
    public CompletableFuture<DynamoDBStreamsGetRecordsResponseAdapter> getDynamoDBStreamsRecords(
            GetRecordsRequest request) {
        GetRecordsBody body = new GetRecordsBody();
        return super.getDynamoDBStreamsRecords(body.wantedBy(request))
                .thenApply(response -> body.page()
                        .<DynamoDBStreamsGetRecordsResponseAdapter>map(page -> new Response(response, page))
                        .orElseGet(() -> new Response(response)));
    }

    /** A response whose records are made once. Children are added to it alone. */
    private static final class Response extends DynamoDBStreamsGetRecordsResponseAdapter {
        private final DynamoDBStreamsGetRecordsResponseAdapter response;
        private final List<KinesisClientRecord> records;
        private final Long millisBehindLatest;

        /** @param response without its records */
        Response(DynamoDBStreamsGetRecordsResponseAdapter response, RecordPage page) {
            super(null);
            this.response = response;
            this.records = page.records();
            Instant newest = page.newest();
            this.millisBehindLatest =
                    newest == null ? null : Math.max(0, System.currentTimeMillis() - newest.toEpochMilli());
        }

        Response(DynamoDBStreamsGetRecordsResponseAdapter response) {
            super(null);
            this.response = response;
            this.records = response.records();
            this.millisBehindLatest = response.millisBehindLatest();
        }

        @Override
        public List<KinesisClientRecord> records() {
            return records;
        }

        @Override
        public Long millisBehindLatest() {
            return millisBehindLatest;
        }

        @Override
        public String nextShardIterator() {
            return response.nextShardIterator();
        }

        @Override
        public String requestId() {
            return response.requestId();
        }
    }
}
