package recordprocessor.failover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import recordprocessor.kclpatches.LeaseRows;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseCoordinator;

class ShutdownHandoffTest {
    private final LeaseRows rows = new LeaseRows();
    private final ShutdownHandoff handoff = new ShutdownHandoff(database(), "metrics", coordinator());
    private List<Lease> assigned = List.of();

    private static DynamoDbAsyncClient database() {
        return (DynamoDbAsyncClient) Proxy.newProxyInstance(
                ShutdownHandoffTest.class.getClassLoader(),
                new Class<?>[] {DynamoDbAsyncClient.class},
                (proxy, method, arguments) -> CompletableFuture.completedFuture(null));
    }

    private LeaseCoordinator coordinator() {
        return (LeaseCoordinator) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {LeaseCoordinator.class}, (proxy, method, arguments) ->
                        switch (method.getName()) {
                            case "getAssignments" -> assigned;
                            case "workerIdentifier" -> LeaseRows.US;
                            case "leaseRefresher" -> rows.table();
                            default -> throw new UnsupportedOperationException(method.getName());
                        });
    }

    private String owner(String key) {
        return rows.rows.get(key).leaseOwner();
    }

    @Test
    void whatTheLeaderGaveDuringTheStopIsLeftToTheOthersToo() {
        assigned = List.of(rows.add("held", LeaseRows.US));
        handoff.remember();
        rows.add("came later", LeaseRows.US);
        handoff.complete();
        assertNull(owner("held"));
        assertNull(owner("came later"));
    }

    @Test
    void whatSomebodyElseHasOrHandsOverStaysHis() {
        assigned = List.of(rows.add("taken meanwhile", LeaseRows.US));
        handoff.remember();
        rows.add("taken meanwhile", "another");
        rows.add("on its way to us", LeaseRows.US);
        rows.rows.get("on its way to us").checkpointOwner("another");
        handoff.complete();
        assertEquals("another", owner("taken meanwhile"));
        assertEquals(LeaseRows.US, owner("on its way to us"));
    }

    @Test
    void aTableThatAnswersSlowlyHoldsUpAllLeasesTogetherAndNotOneAfterTheOther() {
        CountDownLatch both = new CountDownLatch(2);
        rows.before = key -> {
            both.countDown();
            try {
                // Neither is answered before the other was asked for.
                assertEquals(true, both.await(10, TimeUnit.SECONDS));
            } catch (InterruptedException error) {
                throw new IllegalStateException(error);
            }
            return key;
        };
        rows.add("one", LeaseRows.US);
        rows.add("two", LeaseRows.US);
        handoff.complete();
        assertNull(owner("one"));
        assertNull(owner("two"));
    }
}
