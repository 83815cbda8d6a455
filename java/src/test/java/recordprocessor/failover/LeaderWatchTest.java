package recordprocessor.failover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import recordprocessor.failover.OrphanedLeases.Seen;
import recordprocessor.kclpatches.LeaderLock;
import recordprocessor.kclpatches.LockInMemory;
import recordprocessor.kclpatches.LockView;

class LeaderWatchTest {
    private static final long FAILOVER_MILLIS = 10_000;
    private static final long TICK_MILLIS = 500;

    private final LockInMemory lock = new LockInMemory();
    private final List<String> asked = new ArrayList<>();
    private final List<Seen> released = new ArrayList<>();
    private long nowMillis = 1_000_000;

    private final OrphanedLeases.Table leases = new OrphanedLeases.Table() {
        @Override
        public List<Seen> ownedBy(String workerId) {
            asked.add(workerId);
            return released.isEmpty() ? List.of(new Seen("a", workerId, 5)) : List.of();
        }

        @Override
        public boolean release(Seen lease) {
            return released.add(lease);
        }
    };

    private LeaderWatch watch(String workerId) {
        LockView view = new LockView(lock, workerId, LeaderLock.within(FAILOVER_MILLIS), this::nanos);
        return new LeaderWatch(view, leases, workerId, FAILOVER_MILLIS, this::nanos);
    }

    private long nanos() {
        return TimeUnit.MILLISECONDS.toNanos(nowMillis);
    }

    /** Looks twice a second; returns the milliseconds after which the dead leader's lease was freed. */
    private long untilReleased(LeaderWatch watch, long withinMillis) {
        long begin = nowMillis;
        while (released.isEmpty() && nowMillis - begin <= withinMillis) {
            watch.look();
            nowMillis += TICK_MILLIS;
        }
        return nowMillis - TICK_MILLIS - begin;
    }

    @Test
    void theLeasesOfALeaderWithoutHeartbeatsAreFreedTwoSecondsAfterTheFailoverTime() {
        lock.hold("leader", "the last", 3);
        assertTrue(untilReleased(watch("worker"), 20_000) <= FAILOVER_MILLIS + 2_000);
    }

    @Test
    void oneOfManyWorkersFreesThemAsSoonEvenIfItSeldomLooks() {
        lock.hold("leader", "the last", 1_000);
        for (int number = 0; ; number++) {
            LeaderWatch watch = watch("worker-" + number);
            watch.look();
            nowMillis += 2_000;
            watch.look();
            if (!asked.isEmpty()) { // it was drawn
                assertTrue(untilReleased(watch, 20_000) <= FAILOVER_MILLIS + TICK_MILLIS);
                return;
            }
        }
    }

    @Test
    void mostOfManyWorkersLeaveADeadLeaderToTheOthers() {
        int workers = 1_000;
        lock.hold("leader", "the last", workers);
        int looked = 0;
        for (int number = 0; number < workers; number++) {
            LeaderWatch watch = watch("worker-" + number);
            watch.look();
            nowMillis += 2_000;
            watch.look();
            looked += asked.isEmpty() ? 0 : 1;
            asked.clear();
        }
        assertTrue(looked >= 10 && looked <= 70, looked + " of " + workers);
    }

    @Test
    void aLeaderThatWasOnlyLateIsLeftAlone() {
        LeaderWatch watch = watch("worker");
        lock.hold("leader", "one", 3);
        for (int tick = 0; tick < 6; tick++) {
            watch.look();
            nowMillis += TICK_MILLIS;
        }
        assertTrue(!asked.isEmpty());
        for (int tick = 0; tick < 60; tick++) {
            lock.hold("leader", "beat " + tick, 3);
            watch.look();
            nowMillis += TICK_MILLIS;
        }
        assertEquals(List.of(), released);
    }

    @Test
    void theLeasesOfALeaderAreFreedAlsoOnceAnotherOneLeads() {
        LeaderWatch watch = watch("worker");
        lock.hold("leader", "the last", 3);
        for (int tick = 0; tick < 6; tick++) {
            watch.look();
            nowMillis += TICK_MILLIS;
        }
        lock.hold("successor", "one", 3);
        for (int tick = 0; tick < 25; tick++) {
            lock.hold("successor", "beat " + tick, 3);
            watch.look();
            nowMillis += TICK_MILLIS;
        }
        assertEquals(List.of(new Seen("a", "leader", 5)), released);
    }

    @Test
    void theLeaderDoesNotLookAfterItself() {
        lock.hold("leader", "the last", 3);
        untilReleased(watch("leader"), 20_000);
        assertEquals(List.of(), asked);
    }
}
