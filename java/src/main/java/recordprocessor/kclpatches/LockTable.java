package recordprocessor.kclpatches;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/** The item of the leader's lock, without the lock client. */
public final class LockTable implements LockView.Table {
    static final String KEY = "key";
    static final String LEADER = "Leader";

    private final DynamoDbAsyncClient dynamodb;
    private final String name;

    public LockTable(DynamoDbAsyncClient dynamodb, String name) {
        this.dynamodb = dynamodb;
        this.name = name;
    }

    /** Not consistent, at half the price: an old answer only delays what follows from it by a moment. */
    @Override
    public Map<String, AttributeValue> read() {
        GetItemRequest request = GetItemRequest.builder()
                .tableName(name)
                .key(Map.of(KEY, AttributeValue.fromS(LEADER)))
                .build();
        try {
            return dynamodb.getItem(request).join().item();
        } catch (CompletionException error) {
            throw error.getCause() instanceof SdkException cause ? cause : error; // as the lock client knows it
        }
    }

    /**
     * Beside what the lock client keeps there: its heartbeats leave the number alone, and a new leader's lock begins
     * without it.
     */
    @Override
    public CompletableFuture<?> writeWorkers(String owner, int workers) {
        return dynamodb.updateItem(UpdateItemRequest.builder()
                .tableName(name)
                .key(Map.of(KEY, AttributeValue.fromS(LEADER)))
                .updateExpression("SET #workers = :workers")
                .conditionExpression("#owner = :owner")
                .expressionAttributeNames(Map.of("#workers", LockItem.WORKERS, "#owner", LockItem.OWNER))
                .expressionAttributeValues(Map.of(
                        ":workers", AttributeValue.fromN(Integer.toString(workers)),
                        ":owner", AttributeValue.fromS(owner)))
                .build());
    }
}
