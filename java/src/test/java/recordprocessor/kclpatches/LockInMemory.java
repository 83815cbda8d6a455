package recordprocessor.kclpatches;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;

/** The leader's lock in memory: read as our view does, and read and taken over as the lock client does. */
public final class LockInMemory implements LockView.Table {
    public Map<String, AttributeValue> item = Map.of();
    public int reads;
    public int consistentReads;
    public int refused;
    public int written = -1;

    public void hold(String owner, String version, int workers) {
        Map<String, AttributeValue> next = new HashMap<>();
        next.put("key", AttributeValue.fromS("Leader"));
        next.put("ownerName", AttributeValue.fromS(owner));
        next.put("recordVersionNumber", AttributeValue.fromS(version));
        next.put("leaseDuration", AttributeValue.fromS("100"));
        if (workers > 0) {
            next.put("workers", AttributeValue.fromN(Integer.toString(workers)));
        }
        item = Map.copyOf(next);
    }

    @Override
    public Map<String, AttributeValue> read() {
        reads++;
        return item;
    }

    @Override
    public CompletableFuture<?> writeWorkers(String owner, int workers) {
        if (!new LockItem(item).owner().equals(owner)) {
            return CompletableFuture.failedFuture(
                    ConditionalCheckFailedException.builder().build());
        }
        written = workers;
        return CompletableFuture.completedFuture(null);
    }

    DynamoDbClient client() {
        return (DynamoDbClient) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DynamoDbClient.class}, (proxy, method, arguments) ->
                        switch (method.getName()) {
                            case "getItem" -> {
                                consistentReads++;
                                yield item.isEmpty()
                                        ? GetItemResponse.builder().build()
                                        : GetItemResponse.builder().item(item).build();
                            }
                            case "putItem" -> put((PutItemRequest) arguments[0]);
                            default -> throw new UnsupportedOperationException(method.getName());
                        });
    }

    /** A lock that is taken over must have the version of the condition; a new one must not be there. */
    private PutItemResponse put(PutItemRequest request) {
        boolean expected = request.conditionExpression().contains("attribute_not_exists")
                ? item.isEmpty()
                : request.expressionAttributeValues().containsValue(item.get("recordVersionNumber"));
        if (!expected) {
            refused++;
            throw ConditionalCheckFailedException.builder().build();
        }
        item = request.item();
        return PutItemResponse.builder().build();
    }
}
