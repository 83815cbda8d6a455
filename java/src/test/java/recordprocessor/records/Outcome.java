package recordprocessor.records;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.adapter.DynamoDBStreamsGetRecordsResponseAdapter;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/** What came of a request for records, in a form that can be compared between two clients. */
record Outcome(List<JsonNode> records, List<String> keys, List<String> others, Class<?> error) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static DynamoDBStreamsGetRecordsResponseAdapter response(AmazonDynamoDBStreamsAdapterClient client)
            throws ExecutionException, InterruptedException {
        GetRecordsRequest request =
                GetRecordsRequest.builder().shardIterator("i0").limit(1000).build();
        return client.getDynamoDBStreamsRecords(request).get();
    }

    static Outcome of(AmazonDynamoDBStreamsAdapterClient client) throws Exception {
        DynamoDBStreamsGetRecordsResponseAdapter response;
        List<KinesisClientRecord> records;
        try {
            response = response(client);
            records = response.records();
            response.millisBehindLatest();
        } catch (ExecutionException error) {
            return new Outcome(List.of(), List.of(), List.of(), error.getCause().getClass());
        } catch (RuntimeException error) {
            // The adapter's own, of a record without a field that all have.
            return new Outcome(List.of(), List.of(), List.of(), error.getClass());
        }
        List<JsonNode> trees = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        List<String> others = new ArrayList<>(List.of("next " + response.nextShardIterator()));
        for (KinesisClientRecord record : records) {
            byte[] data = record.data().array();
            trees.add(withoutMissingImages(JSON.readTree(data)));
            keys.add(keysOf(data));
            others.add(record.sequenceNumber() + " " + record.partitionKey() + " " + record.approximateArrivalTimestamp()
                    + " " + record.subSequenceNumber() + " " + record.aggregated() + " " + record.encryptionType());
            assertFalse(new String(data, StandardCharsets.UTF_8).contains("\n"));
        }
        return new Outcome(trees, keys, others, null);
    }

    /** The adapter writes them as empty objects. */
    private static JsonNode withoutMissingImages(JsonNode record) {
        for (String image : List.of("NewImage", "OldImage")) {
            if (record.path("dynamodb").path(image).isEmpty()) {
                ((ObjectNode) record.get("dynamodb")).remove(image);
            }
        }
        return record;
    }

    /** The text of the keys, as it stands in a record. */
    private static String keysOf(byte[] record) throws IOException {
        try (JsonParser parser = JSON.createParser(record)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                boolean outermost = parser.getParsingContext().getParent() != null
                        && "dynamodb".equals(parser.getParsingContext().getParent().getCurrentName());
                if (token == JsonToken.FIELD_NAME && outermost && parser.currentName().equals("Keys")) {
                    parser.nextToken();
                    int start = (int) parser.currentTokenLocation().getByteOffset();
                    parser.skipChildren();
                    int end = (int) parser.currentLocation().getByteOffset();
                    return new String(record, start, end - start, StandardCharsets.UTF_8);
                }
            }
        }
        return "none";
    }
}
