package recordprocessor.kclpatches;

import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseCoordinator;
import software.amazon.kinesis.leases.LeaseRenewer;
import software.amazon.kinesis.leases.LeaseStatsRecorder;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseCoordinator;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseRenewer;
import software.amazon.kinesis.retrieval.kpl.ExtendedSequenceNumber;

/**
 * Has KCL's leader share the leases out evenly by number.
 *
 * <p>KCL 3 evens out bytes per second. Leases without traffic weigh nothing, so a worker that joins may get none of
 * them; and traffic fluctuates, so leases keep moving, each at the price of a new shard process and a pause. Here each
 * lease that a worker renews weighs the same, and KCL's own balancing does the rest. What a shard costs is above all
 * its process, and DynamoDB allows each shard the same traffic.
 */
final class EvenLeases {
    private static final double SAME_WEIGHT = 1.0;
    private static final double NO_WEIGHT = 0.0;

    private static final KclField<LeaseRenewer> RENEWER = new KclField<>(DynamoDBLeaseCoordinator.class, "leaseRenewer");
    private static final KclField<LeaseStatsRecorder> STATS =
            new KclField<>(DynamoDBLeaseRenewer.class, "leaseStatsRecorder");

    private EvenLeases() {}

    static void install(LeaseCoordinator leases) throws ReflectiveOperationException {
        STATS.set(RENEWER.get(leases), new SameWeight(leases));
    }

    private static final class SameWeight extends LeaseStatsRecorder {
        private final LeaseCoordinator leases;

        SameWeight(LeaseCoordinator leases) {
            super(Long.MAX_VALUE, System::currentTimeMillis);
            this.leases = leases;
        }

        @Override
        public void recordStats(LeaseStats stats) {
            // What nobody reads must not accumulate.
        }

        @Override
        public Double getThroughputKBps(String leaseKey) {
            Lease lease = leases.getCurrentlyHeldLease(leaseKey);
            boolean ended = lease != null && ExtendedSequenceNumber.SHARD_END.equals(lease.checkpoint());
            // Its lease stays for minutes, without a process.
            return ended ? NO_WEIGHT : SAME_WEIGHT;
        }
    }
}
