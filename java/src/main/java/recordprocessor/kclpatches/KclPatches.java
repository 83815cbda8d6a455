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
     */
    public static void apply(
            Scheduler scheduler,
            LeaseManagementConfig config,
            ConfiguredStreams streams,
            boolean balancesByNumber,
            LeaderLock lock) {
        KclPatch.CHILD_LEASES.apply(() -> ChildLeases.repair(scheduler));
        KclPatch.LATE_LEASES.apply(() -> LateLeases.keep(scheduler.leaseCoordinator()));
        KclPatch.LEADER_VIEW.apply(() -> LeaderView.install(scheduler, config, streams));
        if (balancesByNumber) {
            KclPatch.EVEN_LEASES.apply(() -> EvenLeases.install(scheduler.leaseCoordinator()));
        }
        // Takes over the parts of KCL's renewer, so it comes after everything that changes them.
        KclPatch.HELD_LEASES.apply(() -> HeldLeases.install(scheduler.leaseCoordinator(), streams));
        if (lock != null) {
            KclPatch.LEADER_LOCK.apply(() -> lock.install(scheduler));
        }
    }
}
