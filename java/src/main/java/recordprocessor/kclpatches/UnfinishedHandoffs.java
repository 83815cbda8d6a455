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
 * Passes on leases that KCL was asked to hand over to another worker, and forgot.
 *
 * <p>The leader asks for it in the lease itself; the owner ends the shard's consumer, which passes the lease on as it
 * ends. But a consumer that was asked before it had started, or while it waited for its parent shard, ends without
 * passing on anything. The worker then renews the lease forever, nobody reads the shard, and the leader waits. This
 * happens now and then if several hosts start at the same time.
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
        leases.getAssignments().stream().filter(this::isUnfinished).forEach(this::finish);
    }

    /** A consumer that has ended has dropped its lease before, unless it forgot to. */
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
            // Conditional on both owners: whoever has received the lease meanwhile keeps it.
            leases.leaseRefresher().assignLease(lease, lease.leaseOwner());
            leases.dropLease(lease);
        } catch (Exception error) {
            LOG.warn("cannot hand lease {} over to {}; retrying", lease.leaseKey(), lease.leaseOwner(), error);
        }
    }
}
