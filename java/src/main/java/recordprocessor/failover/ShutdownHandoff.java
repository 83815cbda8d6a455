package recordprocessor.failover;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseCoordinator;

/**
 * What a stopping worker leaves to the others: its leases, with nobody's name on them.
 *
 * <p>KCL only forgets them: every shard of a host then waits for the failover time on each restart. Here the name is
 * removed, once no shard process is left and everything that was done is checkpointed. Before that the worker removes
 * itself from the workers' metrics; otherwise the leader would give the leases straight back to it. Leases that the
 * leader assigned to it after the stop began are looked up too.
 */
public final class ShutdownHandoff {
    private static final Logger LOG = LoggerFactory.getLogger(ShutdownHandoff.class);
    // A round of the leader's assignment that has read this worker's metrics must not find its leases free: it would
    // give them back, or even out what it takes for an idle worker. A round takes less than this.
    private static final long ROUND_MILLIS = 500;
    private static final int AT_ONCE = 16;

    private final DynamoDbAsyncClient dynamodb;
    private final String workerMetricsTable;
    private final LeaseCoordinator leases;
    private volatile List<Lease> held = List.of();

    public ShutdownHandoff(DynamoDbAsyncClient dynamodb, String workerMetricsTable, LeaseCoordinator leases) {
        this.dynamodb = dynamodb;
        this.workerMetricsTable = workerMetricsTable;
        this.leases = leases;
    }

    /** Notes the leases at the beginning of a stop: KCL drops them on its way. */
    public void remember() {
        held = List.copyOf(leases.getAssignments());
    }

    /** Frees the leases at the end of a stop. A failure here costs the failover time, and nothing else. */
    public void complete() {
        leaveMetrics();
        sleep();
        Set<String> keys = new TreeSet<>(givenMeanwhile());
        held.stream().map(Lease::leaseKey).forEach(keys::add);
        giveBackAll(keys);
    }

    /** All at once, so that a slow table costs its shards one answer and not one for each. */
    private void giveBackAll(Set<String> keys) {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        CompletableFuture.allOf(keys.stream()
                        .map(key -> CompletableFuture.runAsync(() -> giveBack(key), threads))
                        .toArray(CompletableFuture[]::new))
                .join();
        threads.shutdown();
    }

    private List<String> givenMeanwhile() {
        try {
            return leases.leaseRefresher().listLeaseKeysForWorker(leases.workerIdentifier());
        } catch (Exception error) {
            LOG.warn("cannot look for leases that arrived during the stop; they expire by themselves", error);
            return List.of();
        }
    }

    private void leaveMetrics() {
        DeleteItemRequest request = DeleteItemRequest.builder()
                .tableName(workerMetricsTable)
                .key(Map.of("wid", AttributeValue.fromS(leases.workerIdentifier())))
                .build();
        try {
            dynamodb.deleteItem(request).join();
        } catch (RuntimeException error) {
            LOG.warn("cannot remove this worker from the workers' metrics", error);
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(ROUND_MILLIS);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    private void giveBack(String leaseKey) {
        try {
            Lease lease = leases.leaseRefresher().getLease(leaseKey);
            if (lease != null && isOurs(lease)) {
                // Conditional on the owner: a lease that somebody else has received meanwhile stays with them.
                leases.leaseRefresher().evictLease(lease);
            }
        } catch (Exception error) {
            LOG.warn("cannot free lease {}; it expires by itself", leaseKey, error);
        }
    }

    /**
     * Whether this worker has to let go of it: while another worker hands a lease over, it belongs to that worker until
     * the handoff ends.
     */
    private boolean isOurs(Lease lease) {
        String holder = lease.checkpointOwner() == null ? lease.leaseOwner() : lease.checkpointOwner();
        return leases.workerIdentifier().equals(holder);
    }
}
