package recordprocessor.failover;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.Timers;
import recordprocessor.kclpatches.LeaderLock;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/**
 * Looks after the shards of a leader that died.
 *
 * <p>The leader watches other workers' leases all the time. Nobody watches the leader's own: its successor starts to
 * watch them when it takes the lock over, and another failover time passes. So every worker checks the lock; when its
 * heartbeat is late, the worker starts to watch the leases of its owner, and frees those that expire ({@link
 * OrphanedLeases}). Whoever leads by then assigns them at once. Several workers may do this at the same time: the first
 * conditional write wins.
 */
public final class LeaderWatch {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderWatch.class);
    private static final String INDEX = "LeaseOwnerToLeaseKeyIndex";
    private static final long LOOK_MILLIS = 500;
    private static final long LONGEST_GAP_MILLIS = 4 * LOOK_MILLIS;
    // The lock's heartbeats are sent by a timer and take as long as the table; one and a half heartbeats is late.
    private static final double LATE_HEARTBEATS = 1.5;

    private final DynamoDbAsyncClient dynamodb;
    private final String coordinatorTable;
    private final String workerId;
    private final long lateNanos;
    private final long suspicionNanos;
    private final OrphanedLeases orphans;

    private Lock last = Lock.NONE;
    private long lastChanged;
    /** Who led when the heartbeat was late, even after another worker took the lock over; empty for nobody. */
    private String suspect = "";

    private long suspectedSince;

    /** The lock's item: who holds it, and a version that each heartbeat changes. */
    private record Lock(String owner, String version) {
        static final Lock NONE = new Lock("", "");
    }

    public LeaderWatch(
            DynamoDbAsyncClient dynamodb,
            String coordinatorTable,
            String leaseTable,
            String workerId,
            LeaderLock lock,
            long failoverTimeMillis) {
        this.dynamodb = dynamodb;
        this.coordinatorTable = coordinatorTable;
        this.workerId = workerId;
        this.lateNanos = (long) (TimeUnit.MILLISECONDS.toNanos(lock.heartbeatMillis()) * LATE_HEARTBEATS);
        this.suspicionNanos = TimeUnit.MILLISECONDS.toNanos(2 * failoverTimeMillis + lock.leaseMillis());
        this.orphans = new OrphanedLeases(
                new LeaseTable(dynamodb, leaseTable),
                TimeUnit.MILLISECONDS.toNanos(failoverTimeMillis),
                TimeUnit.MILLISECONDS.toNanos(LONGEST_GAP_MILLIS),
                System::nanoTime);
    }

    public void start() {
        Timers.repeat("leader-watch", this::look, LOOK_MILLIS);
    }

    private void look() {
        try {
            Lock lock = readLock();
            long now = System.nanoTime();
            if (!lock.equals(last)) {
                if (lock.owner().equals(suspect)) {
                    suspect = ""; // it was only late
                }
                last = lock;
                lastChanged = now;
            } else if (suspect.isEmpty() && isSomebodyElses(lock) && now - lastChanged > lateNanos) {
                suspect = lock.owner();
                suspectedSince = now;
                orphans.forget();
            }
            if (!suspect.isEmpty()) {
                lookAfterSuspect(now);
            }
        } catch (RuntimeException error) {
            // The table is slow, throttled or unavailable: nothing was seen, so nothing counts.
            orphans.forget();
            LOG.debug("cannot look at the leader's lock", error);
        }
    }

    private void lookAfterSuspect(long now) {
        int released = orphans.look(suspect);
        if (released > 0) {
            LOG.warn("freed {} leases of {}, which was the leader and is gone", released, suspect);
        }
        // From here on, whoever leads has watched its leases for long enough, if any are left.
        if (now - suspectedSince > suspicionNanos) {
            suspect = "";
        }
    }

    private boolean isSomebodyElses(Lock lock) {
        return !lock.owner().isEmpty() && !lock.owner().equals(workerId);
    }

    private Lock readLock() {
        // Not consistent, at half the price: an old answer only delays the result by a moment.
        Map<String, AttributeValue> item = dynamodb.getItem(GetItemRequest.builder()
                        .tableName(coordinatorTable)
                        .key(Map.of("key", AttributeValue.fromS("Leader")))
                        .build())
                .join()
                .item();
        if (!item.containsKey("ownerName") || !item.containsKey("recordVersionNumber")) {
            return Lock.NONE;
        }
        return new Lock(item.get("ownerName").s(), item.get("recordVersionNumber").s());
    }

    /** KCL's lease table. */
    private record LeaseTable(DynamoDbAsyncClient dynamodb, String name) implements OrphanedLeases.Table {
        @Override
        public List<OrphanedLeases.Seen> ownedBy(String workerId) {
            QueryRequest request = QueryRequest.builder()
                    .tableName(name)
                    .indexName(INDEX)
                    .keyConditionExpression("leaseOwner = :owner")
                    .expressionAttributeValues(Map.of(":owner", AttributeValue.fromS(workerId)))
                    .build();
            List<String> leaseKeys = new ArrayList<>();
            dynamodb.queryPaginator(request)
                    .items()
                    .subscribe(item -> leaseKeys.add(item.get("leaseKey").s()))
                    .join();
            // The index has keys only, and lags behind; what counts is read from the table itself.
            return leaseKeys.stream().flatMap(leaseKey -> read(leaseKey, workerId)).toList();
        }

        private Stream<OrphanedLeases.Seen> read(String leaseKey, String workerId) {
            Map<String, AttributeValue> item = dynamodb.getItem(GetItemRequest.builder()
                            .tableName(name)
                            .key(Map.of("leaseKey", AttributeValue.fromS(leaseKey)))
                            .consistentRead(true)
                            .build())
                    .join()
                    .item();
            if (!item.containsKey("leaseOwner") || !item.get("leaseOwner").s().equals(workerId)) {
                return Stream.empty();
            }
            long counter = Long.parseLong(item.get("leaseCounter").n());
            return Stream.of(new OrphanedLeases.Seen(leaseKey, workerId, counter));
        }

        /** With both owners, if it has two: a lease that was on its way to the dead worker belongs to nobody. */
        @Override
        public boolean release(OrphanedLeases.Seen lease) {
            UpdateItemRequest request = UpdateItemRequest.builder()
                    .tableName(name)
                    .key(Map.of("leaseKey", AttributeValue.fromS(lease.leaseKey())))
                    .updateExpression("ADD leaseCounter :one REMOVE leaseOwner, checkpointOwner")
                    .conditionExpression("leaseOwner = :owner AND leaseCounter = :counter")
                    .expressionAttributeValues(Map.of(
                            ":one", AttributeValue.fromN("1"),
                            ":owner", AttributeValue.fromS(lease.owner()),
                            ":counter", AttributeValue.fromN(Long.toString(lease.counter()))))
                    .build();
            try {
                dynamodb.updateItem(request).join();
                return true;
            } catch (CompletionException error) {
                if (error.getCause() instanceof ConditionalCheckFailedException) {
                    return false;
                }
                throw error;
            }
        }
    }
}
