package recordprocessor.kclpatches;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.logging.Causes;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemResponse;
import software.amazon.kinesis.leases.LeaseRefresher;

/**
 * Notes to workers that leases were assigned to them, in their own items of the workers' metrics.
 *
 * <p>Each worker writes its item once a second, and the answer to a write has the whole item at no price. A note is a
 * write for whoever assigns, and only when leases move.
 */
final class AssignmentNotes {
    private static final Logger LOG = LoggerFactory.getLogger(AssignmentNotes.class);
    private static final String NOTE = "assigned";
    // A worker that was noted keeps looking for longer than this.
    private static final long SAME_NOTE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final DynamoDbAsyncClient dynamodb;
    private final String metricsTable;
    private final Map<String, Long> lastNoted = new ConcurrentHashMap<>();

    AssignmentNotes(DynamoDbAsyncClient dynamodb, String metricsTable) {
        this.dynamodb = dynamodb;
        this.metricsTable = metricsTable;
    }

    /** Returns a lease table that notes each assignment that was made through it. */
    LeaseRefresher noted(LeaseRefresher table) {
        return (LeaseRefresher) Proxy.newProxyInstance(
                LeaseRefresher.class.getClassLoader(),
                new Class<?>[] {LeaseRefresher.class},
                (proxy, method, arguments) -> {
                    Object answer = passedOn(() -> method.invoke(table, arguments));
                    if (method.getName().equals("assignLease") && Boolean.TRUE.equals(answer)) {
                        note((String) arguments[1]);
                    }
                    return answer;
                });
    }

    /** Never fails, and waits for nothing: without a note the worker finds its leases half a second later. */
    private void note(String workerId) {
        long now = System.nanoTime();
        Long before = lastNoted.put(workerId, now);
        if (before != null && now - before < SAME_NOTE_NANOS) {
            lastNoted.put(workerId, before);
            return;
        }
        lastNoted.values().removeIf(last -> now - last > SAME_NOTE_NANOS);
        try {
            write(workerId).whenComplete((done, error) -> {
                if (error != null) {
                    LOG.debug("cannot note that {} has new leases: {}", workerId, Causes.of(error));
                }
            });
        } catch (RuntimeException error) {
            LOG.debug("cannot note that {} has new leases: {}", workerId, Causes.of(error));
        }
    }

    /** Not for a worker that has left: its item must not come back. */
    private CompletableFuture<?> write(String workerId) {
        return dynamodb.updateItem(UpdateItemRequest.builder()
                .tableName(metricsTable)
                .key(Map.of("wid", AttributeValue.fromS(workerId)))
                .updateExpression("SET #note = :note")
                .conditionExpression("attribute_exists(wid)")
                .expressionAttributeNames(Map.of("#note", NOTE))
                .expressionAttributeValues(
                        Map.of(":note", AttributeValue.fromS(UUID.randomUUID().toString())))
                .build());
    }

    /** Returns a client that passes on the note in each answer to an update; an empty one if there is none. */
    static DynamoDbAsyncClient watched(DynamoDbAsyncClient client, Consumer<String> found) {
        return (DynamoDbAsyncClient) Proxy.newProxyInstance(
                DynamoDbAsyncClient.class.getClassLoader(),
                new Class<?>[] {DynamoDbAsyncClient.class},
                (proxy, method, arguments) -> {
                    Object answer = passedOn(() -> method.invoke(client, arguments));
                    if (method.getName().equals("updateItem") && answer instanceof CompletableFuture<?> future) {
                        return future.thenApply(response -> seen(response, found));
                    }
                    return answer;
                });
    }

    private static Object seen(Object response, Consumer<String> found) {
        if (response instanceof UpdateItemResponse updated && updated.hasAttributes()) {
            AttributeValue note = updated.attributes().get(NOTE);
            found.accept(note == null || note.s() == null ? "" : note.s());
        }
        return response;
    }

    private interface Call {
        Object make() throws ReflectiveOperationException;
    }

    private static Object passedOn(Call call) throws Throwable {
        try {
            return call.make();
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
    }
}
