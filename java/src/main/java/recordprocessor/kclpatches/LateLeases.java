package recordprocessor.kclpatches;

import java.util.concurrent.TimeUnit;
import software.amazon.kinesis.leases.LeaseCoordinator;
import software.amazon.kinesis.leases.LeaseRenewer;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseCoordinator;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseRenewer;

/**
 * Has KCL keep a lease that could only not be renewed in time, until it is known that somebody else has it.
 *
 * <p>KCL drops a lease that is older than the failover time by its own clock, with its shard process and all it has in hand,
 * also where nobody else wants it: with a slow lease table a worker loses all of its leases over and over. But each
 * renewal is a conditional write on the lease's counter. Where it succeeds, however late, nobody has had the lease in
 * between. So KCL goes on trying here, and what must not happen meanwhile, that work begins without a live lease, the
 * fence prevents: by its time the shard processes stand still until the renewal came through ({@code LeaseFileUpdater}).
 * {@link HeldLeases} does the same where it stands in the place of KCL's renewer; this is for a KCL where it cannot.
 */
final class LateLeases {
    // KCL takes a lease that is older than a year for one whose clock wrapped.
    private static final long FOR_EVER_NANOS = TimeUnit.DAYS.toNanos(364);

    private static final KclField<LeaseRenewer> RENEWER = new KclField<>(DynamoDBLeaseCoordinator.class, "leaseRenewer");
    private static final KclField<Long> LEASE_NANOS = new KclField<>(DynamoDBLeaseRenewer.class, "leaseDurationNanos");

    private LateLeases() {}

    static void keep(LeaseCoordinator leases) throws ReflectiveOperationException {
        LEASE_NANOS.set(RENEWER.get(leases), FOR_EVER_NANOS);
    }
}
