package recordprocessor.kclpatches;

import java.util.concurrent.TimeUnit;
import software.amazon.kinesis.leases.LeaseCoordinator;
import software.amazon.kinesis.leases.LeaseRenewer;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseCoordinator;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseRenewer;

/**
 * Has KCL keep a lease that could not be renewed in time, until it is known that somebody else has it.
 *
 * <p>KCL drops a lease that is older than the failover time by its own clock, with its shard process and everything in
 * progress, even if nobody else wants it: with a slow lease table a worker loses all of its leases over and over. But
 * each renewal is a conditional write on the lease's counter. If it succeeds, however late, nobody has had the lease in
 * between. So here KCL keeps trying, and the fence prevents what must not happen meanwhile, that work starts without a
 * valid lease: by its time the shard processes wait until the renewal has succeeded ({@code LeaseFileUpdater}). {@link
 * HeldLeases} does the same in place of KCL's renewer; this is for a KCL in which that is not possible.
 */
final class LateLeases {
    // KCL assumes that a lease older than a year is one whose clock wrapped around.
    private static final long FOR_EVER_NANOS = TimeUnit.DAYS.toNanos(364);

    private static final KclField<LeaseRenewer> RENEWER = new KclField<>(DynamoDBLeaseCoordinator.class, "leaseRenewer");
    private static final KclField<Long> LEASE_NANOS = new KclField<>(DynamoDBLeaseRenewer.class, "leaseDurationNanos");

    private LateLeases() {}

    static void keep(LeaseCoordinator leases) throws ReflectiveOperationException {
        LEASE_NANOS.set(RENEWER.get(leases), FOR_EVER_NANOS);
    }
}
