package recordprocessor.streams;

import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbResponse;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/**
 * When each shard that starts at LATEST was first started, kept as an attribute of its lease.
 *
 * <p>KCL writes a lease attribute by attribute and leaves alone those that it does not know; the time lives as long as
 * the lease does.
 */
final class StartTimes {
    static final String ATTRIBUTE = "latestStartMillis";

    private static final String LEASE_KEY = "leaseKey";
    // The answer's date is in whole seconds, and comes from another machine than the records' times.
    private static final long MARGIN_MILLIS = 2000;

    private final DynamoDbAsyncClient dynamodb;
    private final String leaseTable;

    StartTimes(DynamoDbAsyncClient dynamodb, String leaseTable) {
        this.dynamodb = dynamodb;
        this.leaseTable = leaseTable;
    }

    /**
     * Returns when the shard of this lease was started before; empty if it starts now, which is recorded first.
     *
     * @throws RuntimeException if the lease table does not answer: then the shard must not start
     */
    Optional<Instant> before(String leaseKey) {
        GetItemResponse lease = dynamodb.getItem(GetItemRequest.builder()
                        .tableName(leaseTable)
                        .key(key(leaseKey))
                        .projectionExpression(ATTRIBUTE)
                        .consistentRead(true)
                        .build())
                .join();
        AttributeValue written = lease.item().get(ATTRIBUTE);
        if (written != null) {
            return Optional.of(Instant.ofEpochMilli(Long.parseLong(written.n())));
        }
        write(leaseKey, dateOf(lease).minusMillis(MARGIN_MILLIS));
        return Optional.empty();
    }

    private void write(String leaseKey, Instant start) {
        try {
            dynamodb.updateItem(UpdateItemRequest.builder()
                            .tableName(leaseTable)
                            .key(key(leaseKey))
                            .updateExpression("SET " + ATTRIBUTE + " = if_not_exists(" + ATTRIBUTE + ", :start)")
                            .conditionExpression("attribute_exists(" + LEASE_KEY + ")")
                            .expressionAttributeValues(
                                    Map.of(":start", AttributeValue.fromN(Long.toString(start.toEpochMilli()))))
                            .build())
                    .join();
        } catch (CompletionException error) {
            if (!(error.getCause() instanceof ConditionalCheckFailedException)) {
                throw error;
            }
            // The lease is gone, and with it the question of where to continue.
        }
    }

    /** By DynamoDB's clock, which also stamps the records; this host's may be wrong. */
    private static Instant dateOf(DynamoDbResponse answer) {
        return answer.sdkHttpResponse()
                .firstMatchingHeader("Date")
                .map(date -> ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant())
                .orElseGet(Instant::now);
    }

    private static Map<String, AttributeValue> key(String leaseKey) {
        return Map.of(LEASE_KEY, AttributeValue.fromS(leaseKey));
    }
}
