package recordprocessor.kclpatches;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemResponse;
import software.amazon.kinesis.coordinator.CoordinatorStateDAO;
import software.amazon.kinesis.coordinator.DynamicMigrationComponentsInitializer;
import software.amazon.kinesis.coordinator.Scheduler;

/**
 * Answers the lock client's reads of another worker's lock from what this worker knows of it anyway ({@link LockView}).
 *
 * <p>A worker that does not lead asks for the lock once per round of assignments, and KCL then reads the same item
 * twice, consistently: most of what a worker reads, and all of it from one key.
 *
 * <p>The lock client counts a lock's life from when it is first given a version, and then takes the lock over by a
 * write on condition of that version. The answer has what is left of the life since this worker first saw the version.
 * So a lock is taken over as soon as its life is over, and never before: if the answer was old, the condition fails.
 */
final class SharedLockReads {
    private static final KclField<DynamicMigrationComponentsInitializer> COMPONENTS =
            new KclField<>(Scheduler.class, "migrationComponentsInitializer");
    private static final KclField<CoordinatorStateDAO> COORDINATOR_STATE =
            new KclField<>(DynamicMigrationComponentsInitializer.class, "coordinatorStateDAO");
    private static final KclField<DynamoDbClient> CLIENT =
            new KclField<>(CoordinatorStateDAO.class, "dynamoDbSyncClient");

    private SharedLockReads() {}

    /** Call this before the scheduler runs: the lock client is made then. Nothing else uses this client of KCL's. */
    static void install(Scheduler scheduler, LockView lock) throws ReflectiveOperationException {
        CoordinatorStateDAO state = COORDINATOR_STATE.get(COMPONENTS.get(scheduler));
        CLIENT.set(state, over(CLIENT.get(state), lock));
    }

    static DynamoDbClient over(DynamoDbClient client, LockView lock) {
        return (DynamoDbClient) Proxy.newProxyInstance(
                DynamoDbClient.class.getClassLoader(),
                new Class<?>[] {DynamoDbClient.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("getItem") && isLock(arguments[0])) {
                        LockView.Look look = lock.lookToAcquire();
                        // A lock of our own that the lock client asks for is one that it does not know: after a
                        // restart under the same name, or when a heartbeat was refused.
                        if (!lock.isOurs(look)) {
                            return answer(lock.item(look));
                        }
                    }
                    try {
                        return method.invoke(client, arguments);
                    } catch (InvocationTargetException error) {
                        throw error.getCause();
                    }
                });
    }

    private static boolean isLock(Object argument) {
        return argument instanceof GetItemRequest request
                && request.key().equals(Map.of(LockTable.KEY, AttributeValue.fromS(LockTable.LEADER)));
    }

    private static GetItemResponse answer(Map<String, AttributeValue> attributes) {
        GetItemResponse.Builder response = GetItemResponse.builder();
        return attributes.isEmpty() ? response.build() : response.item(attributes).build();
    }
}
