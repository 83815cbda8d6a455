package recordprocessor.kclpatches;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.Timers;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseCoordinator;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseCoordinator;
import software.amazon.kinesis.lifecycle.ShardConsumer;

/**
 * Gives leases on that KCL was asked to hand over to another worker, and forgot to.
 *
 * <p>The leader asks for it in the lease itself; the owner ends the shard's consumer, which passes the lease on as it ends.
 * But a consumer that was asked before it had begun, or while it waited for its parent shard, ends without passing on
 * anything. The worker then renews the lease for ever, nobody reads the shard, and the leader waits. With several hosts
 * that start at the same time that happens every now and then.
 */
public final class UnfinishedHandoffs {
    private static final Logger LOG = LoggerFactory.getLogger(UnfinishedHandoffs.class);
    private static final long LOOK_MILLIS = 1000;

    private final Scheduler scheduler;
    private final LeaseCoordinator leases;

    public UnfinishedHandoffs(Scheduler scheduler) {
        this.scheduler = scheduler;
        this.leases = scheduler.leaseCoordinator();
    }

    public void start() {
        KclPatch.UNFINISHED_HANDOFFS.apply(() -> Timers.repeat("unfinished-handoffs", this::look, LOOK_MILLIS));
    }

    private void look() {
        try {
            leases.getAssignments().stream().filter(this::isUnfinished).forEach(this::finish);
        } catch (RuntimeException error) {
            LOG.warn("cannot look for unfinished handoffs", error);
        }
    }

    /** A consumer that is through has dropped its lease before, unless it forgot to. */
    private boolean isUnfinished(Lease lease) {
        if (!leases.workerIdentifier().equals(lease.checkpointOwner())) {
            return false;
        }
        ShardConsumer consumer =
                scheduler.shardInfoShardConsumerMap().get(DynamoDBLeaseCoordinator.convertLeaseToAssignment(lease));
        return consumer != null && consumer.isShutdown();
    }

    private void finish(Lease lease) {
        try {
            // Conditional on both owners: who has got the lease meanwhile keeps it.
            leases.leaseRefresher().assignLease(lease, lease.leaseOwner());
            leases.dropLease(lease);
        } catch (Exception error) {
            LOG.warn("cannot hand lease {} over to {}; trying again", lease.leaseKey(), lease.leaseOwner(), error);
        }
    }
}
