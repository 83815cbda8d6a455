package recordprocessor.process;

import java.util.Optional;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseCoordinator;
import software.amazon.kinesis.lifecycle.ShardConsumer;

/** KCL's side of a shard that this worker owns: its lease, and the consumer that reads it. */
public final class ShardConsumers {
    private volatile Scheduler scheduler;

    public void start(Scheduler started) {
        this.scheduler = started;
    }

    /** Empty if the lease is not, or no longer, this worker's. */
    public Optional<Lease> lease(String leaseKey) {
        return Optional.ofNullable(scheduler.leaseCoordinator().getCurrentlyHeldLease(leaseKey));
    }

    /** Whether KCL wants the shard's consumer to end (a stop, a handoff, a lost lease), or has none. */
    public boolean isLeaving(String leaseKey) {
        return consumer(leaseKey).map(ShardConsumer::isShutdownRequested).orElse(true);
    }

    /**
     * Has the shard restart where it is, from its checkpoint.
     *
     * <p>KCL ends the consumer as it does for a lost lease. But the lease is still there, so the next round of its loop
     * creates a new consumer for it, which reads the checkpoint and has a new process started.
     */
    public void beginAgain(String leaseKey) {
        consumer(leaseKey).ifPresent(ShardConsumer::leaseLost);
    }

    /** Empty if the lease is not this worker's, or is so new that nobody reads its shard. */
    public Optional<ShardConsumer> consumer(String leaseKey) {
        return lease(leaseKey)
                .map(DynamoDBLeaseCoordinator::convertLeaseToAssignment)
                .map(scheduler.shardInfoShardConsumerMap()::get);
    }
}
