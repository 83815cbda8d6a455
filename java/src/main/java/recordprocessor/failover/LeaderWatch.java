package recordprocessor.failover;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.Timers;
import recordprocessor.kclpatches.LeaderLock;
import recordprocessor.kclpatches.LockView;
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
 * watch them when it takes the lock over, and another failover time passes. So every worker checks the lock ({@link
 * LockView}); when its heartbeat is late, a few of them start to watch the leases of its owner, and free those that
 * expire ({@link OrphanedLeases}). Whoever leads by then assigns them at once. Several workers may do this at the same
 * time: the first conditional write wins.
 */
public final class LeaderWatch {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderWatch.class);
    private static final String INDEX = "LeaseOwnerToLeaseKeyIndex";
    private static final long LOOK_MILLIS = LockView.CLOSE_MILLIS;
    private static final long LONGEST_GAP_MILLIS = 4 * LOOK_MILLIS;

    private final LockView view;
    private final String workerId;
    private final long suspicionNanos;
    private final OrphanedLeases orphans;
    private final LongSupplier clock;

    private String lastVersion = "";
    /** Who led when the heartbeat was late, even after another worker took the lock over; empty for nobody. */
    private String suspect = "";

    private long suspectedSince;

    public LeaderWatch(
            LockView view, DynamoDbAsyncClient dynamodb, String leaseTable, String workerId, long failoverTimeMillis) {
        this(view, new LeaseTable(dynamodb, leaseTable), workerId, failoverTimeMillis, System::nanoTime);
    }

    LeaderWatch(
            LockView view, OrphanedLeases.Table leases, String workerId, long failoverTimeMillis, LongSupplier clock) {
        this.view = view;
        this.workerId = workerId;
        this.clock = clock;
        this.suspicionNanos = TimeUnit.MILLISECONDS.toNanos(
                2 * failoverTimeMillis + LeaderLock.within(failoverTimeMillis).leaseMillis());
        this.orphans = new OrphanedLeases(
                leases,
                TimeUnit.MILLISECONDS.toNanos(failoverTimeMillis),
                TimeUnit.MILLISECONDS.toNanos(LONGEST_GAP_MILLIS),
                clock);
    }

    public void start() {
        Timers.repeat("leader-watch", this::look, LOOK_MILLIS);
    }

    void look() {
        try {
            LockView.Look look = view.look();
            String owner = look.lock().owner();
            long now = clock.getAsLong();
            if (!look.lock().version().equals(lastVersion)) {
                if (owner.equals(suspect)) {
                    suspect = ""; // it was only late
                }
                lastVersion = look.lock().version();
            } else if (suspect.isEmpty() && isSomebodyElses(owner) && view.isLate(look) && view.looksAfter(look)) {
                suspect = owner;
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

    private boolean isSomebodyElses(String owner) {
        return !owner.isEmpty() && !owner.equals(workerId);
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
