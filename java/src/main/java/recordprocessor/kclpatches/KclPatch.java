package recordprocessor.kclpatches;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;

/**
 * What is changed in KCL, and what happens without it. docs/how-to/upgrade-kcl.md has the same table, and when each can
 * go.
 *
 * <p>A patch that does not fit this version of KCL leaves KCL as it is; a warning says what that means, and the worker
 * continues.
 */
public enum KclPatch {
    CHILD_LEASES(
            "ChildLeases",
            "adapter before 2.1.1",
            "with several streams the leases of child shards are created minutes late"),
    LATE_LEASES("LateLeases", "all", "a late lease is dropped, even if nobody else wants it"),
    LEADER_VIEW(
            "LeaderView",
            "all",
            "the leader gets none of the patches `ConfiguredStreams`, `LiveWorkers`, `StuckHandoffs` and `WatchedTime`"),
    CONFIGURED_STREAMS("ConfiguredStreams", "before 3.5", "leases of streams that are not configured are assigned"),
    WATCHED_TIME("WatchedTime", "all", "all leases of all workers are assigned again after the lease table was unavailable"),
    STUCK_HANDOFFS("StuckHandoffs", "before 3.4.2", "a handoff that its old owner does not know about never ends"),
    LIVE_WORKERS("LiveWorkers", "before 3.5", "a host whose clock is two seconds behind gets no leases"),
    EVEN_LEASES("EvenLeases", "all", "idle leases never move to a worker that joins"),
    HELD_LEASES("HeldLeases", "all", "one slow item of the lease table delays the renewal of all leases"),
    PACED_DISCOVERY(
            "PacedDiscovery", "all", "each worker queries the owners' index twice per assignment interval, and not once"),
    LEADER_LOCK("LeaderLock", "before 3.2", "a dead leader's lock lives two minutes, and its shards wait that long"),
    SHARED_LOCK_READS(
            "SharedLockReads",
            "all",
            "each worker that does not lead reads the leader's lock twice a second more, consistently"),
    FIRST_REPORT("FirstReport", "all", "a worker that starts alone gets its first lease an assignment interval later"),
    FULL_QUEUES(
            "FullQueues",
            "all",
            "a shard whose process ended before it answered (a slow start, no room) restarts only after a minute"),
    UNFINISHED_HANDOFFS(
            "UnfinishedHandoffs",
            "before 3.4.3",
            "a consumer that had not started, or waited for its parent shard, keeps its lease and nobody reads it");

    private static final Logger LOG = LoggerFactory.getLogger(KclPatch.class);

    private final String patchName;
    private final String versions;
    private final String symptom;
    private final AtomicBoolean told = new AtomicBoolean();

    KclPatch(String patchName, String versions, String symptom) {
        this.patchName = patchName;
        this.versions = versions;
        this.symptom = symptom;
    }

    /** What a patch does; throws if this KCL is different. */
    @FunctionalInterface
    interface Change {
        void make() throws ReflectiveOperationException;
    }

    /** The name of its class. */
    public String patchName() {
        return patchName;
    }

    /** Versions of KCL, unless it names the adapter. */
    public String versions() {
        return versions;
    }

    /** What happens without it. */
    public String symptom() {
        return symptom;
    }

    /**
     * Applies a patch; there is no other way. A failure is reported once, since some patches are applied to each shard.
     */
    void apply(Change change) {
        try {
            change.make();
        } catch (ReflectiveOperationException | RuntimeException | LinkageError error) {
            if (told.compareAndSet(false, true)) {
                warn(error);
            }
        }
    }

    private void warn(Throwable error) {
        LOG.atWarn()
                .addMarker(MarkerFactory.getMarker("kcl.not_patched"))
                .addKeyValue("patch", patchName)
                .setCause(error)
                .log("the patch {} does not fit this version of KCL: {}", patchName, symptom);
    }
}
