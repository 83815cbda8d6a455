package recordprocessor.kclpatches;

import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/** Applies the patches of the scheduler, in the order in which they depend on each other. */
public final class KclPatches {
    private KclPatches() {}

    /**
     * Call this after the scheduler is built, and before it runs.
     *
     * @param lock the times of the leader's lock that KCL has no settings for; null if it has them
     * @param view what this worker knows of the leader's lock
     */
    public static void apply(
            Scheduler scheduler,
            LeaseManagementConfig config,
            ConfiguredStreams streams,
            boolean balancesByNumber,
            LeaderLock lock,
            LockView view) {
        AssignmentNotes notes = new AssignmentNotes(
                config.dynamoDBClient(),
                config.workerUtilizationAwareAssignmentConfig()
                        .workerMetricsTableConfig()
                        .tableName());
        KclPatch.CHILD_LEASES.apply(() -> ChildLeases.repair(scheduler));
        KclPatch.LATE_LEASES.apply(() -> LateLeases.keep(scheduler.leaseCoordinator()));
        KclPatch.LEADER_VIEW.apply(() -> LeaderView.install(scheduler, config, streams, view, notes));
        if (balancesByNumber) {
            KclPatch.EVEN_LEASES.apply(() -> EvenLeases.install(scheduler.leaseCoordinator()));
        }
        // Takes over the parts of KCL's renewer, so it comes after everything that changes them.
        KclPatch.HELD_LEASES.apply(() -> HeldLeases.install(scheduler.leaseCoordinator(), streams));
        KclPatch.PACED_DISCOVERY.apply(() -> PacedDiscovery.install(scheduler, config, notes));
        if (lock != null) {
            KclPatch.LEADER_LOCK.apply(() -> lock.install(scheduler));
        }
        KclPatch.SHARED_LOCK_READS.apply(() -> SharedLockReads.install(scheduler, view));
    }
}
