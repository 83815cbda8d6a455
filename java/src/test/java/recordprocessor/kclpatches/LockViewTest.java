package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

class LockViewTest {
    private static final int MANY = 1_000;
    private static final LeaderLock TIMES = LeaderLock.within(10_000);

    private final LockInMemory lock = new LockInMemory();
    private long nowMillis = 1_000_000;
    private int beats;

    private LockView view(String workerId) {
        return new LockView(lock, workerId, TIMES, () -> TimeUnit.MILLISECONDS.toNanos(nowMillis));
    }

    /** A worker of many that the lot does not make a watcher of this leader. */
    private static String notDrawn(String leader) {
        return named(leader, false);
    }

    private static String named(String occasion, boolean drawn) {
        return IntStream.range(0, MANY)
                .mapToObj(number -> "worker-" + number)
                .filter(name -> WatchLot.draws(name, occasion, MANY) == drawn)
                .findFirst()
                .orElseThrow();
    }

    /** Looks every half second for a minute, with a heartbeat every second; returns the number of reads. */
    private int readsOfAMinute(LockView view, String leader, int workers) {
        view.look();
        lock.reads = 0;
        for (int tick = 0; tick < 120; tick++) {
            if (tick % 2 == 0) {
                lock.hold(leader, "beat " + beats++, workers);
            }
            nowMillis += 500;
            view.look();
        }
        return lock.reads;
    }

    @Test
    void everybodyWatchesCloselyWhereThereAreFewWorkersOrTheirNumberIsUnknown() {
        for (int workers : new int[] {0, 2, WatchLot.WORKERS}) {
            lock.hold("leader", "0", workers);
            assertEquals(120, readsOfAMinute(view("worker"), "leader", workers), workers + " workers");
        }
    }

    @Test
    void ofManyWorkersTheOnesThatAreDrawnWatchCloselyAndTheOthersEverySecondHeartbeat() {
        lock.hold("leader", "0", MANY);
        assertEquals(120, readsOfAMinute(view(named("leader", true)), "leader", MANY));
        assertEquals(30, readsOfAMinute(view(notDrawn("leader")), "leader", MANY));
    }

    @Test
    void theLeaderLooksSeldomAtItsOwnLock() {
        lock.hold("leader", "0", 3);
        assertEquals(30, readsOfAMinute(view("leader"), "leader", 3));
    }

    @Test
    void aWorkerThatSeesTheSameVersionTwiceWatchesCloselyAndFindsTheLeaderLate() {
        String worker = notDrawn("leader");
        LockView view = view(worker);
        lock.hold("leader", "the last", MANY);
        assertFalse(view.isLate(view.look()));
        nowMillis += 2_000;
        assertTrue(view.isLate(view.look()));
        lock.reads = 0;
        for (int tick = 0; tick < 4; tick++) {
            nowMillis += 500;
            view.look();
        }
        assertEquals(4, lock.reads);
        lock.hold("successor", "the first", MANY);
        nowMillis += 500;
        assertFalse(view.isLate(view.look()));
    }

    @Test
    void whatWasSeenLongAgoIsNotLateByItself() {
        LockView view = view(notDrawn("leader"));
        lock.hold("leader", "0", MANY);
        view.look();
        nowMillis += 1_900;
        assertFalse(view.isLate(view.look()));
    }

    @Test
    void aLockThatNobodyHasIsWatchedByEverybody() {
        LockView view = view(notDrawn("leader"));
        view.look();
        lock.reads = 0;
        nowMillis += 500;
        view.look();
        assertEquals(1, lock.reads);
    }

    @Test
    void aTableThatDoesNotAnswerIsNotTakenForALockThatStandsStill() {
        boolean[] away = {false};
        LockView view = new LockView(
                new LockView.Table() {
                    @Override
                    public Map<String, AttributeValue> read() {
                        if (away[0]) {
                            throw new IllegalStateException("away");
                        }
                        return lock.read();
                    }

                    @Override
                    public CompletableFuture<?> writeWorkers(String owner, int workers) {
                        throw new UnsupportedOperationException();
                    }
                },
                "worker",
                TIMES,
                () -> TimeUnit.MILLISECONDS.toNanos(nowMillis));
        lock.hold("leader", "0", 2);
        view.look();
        away[0] = true;
        nowMillis += 60_000;
        assertThrows(IllegalStateException.class, view::look);
        away[0] = false;
        lock.hold("leader", "1", 2);
        assertFalse(view.isLate(view.look()));
    }

    @Test
    void aFewOfManyLookAfterALateLeaderAndAllOfAFew() {
        lock.hold("leader", "the last", MANY);
        long many = IntStream.range(0, MANY)
                .mapToObj(number -> view("worker-" + number))
                .filter(view -> view.looksAfter(view.look()))
                .count();
        assertTrue(many > 10 && many < 70, many + " of " + MANY);
        lock.hold("leader", "the last", 0);
        LockView one = view(notDrawn("leader"));
        assertTrue(one.looksAfter(one.look()));
    }

    @Test
    void theLeaderWritesTheNumberOfWorkersWhenItChangesOrIsLost() {
        LockView view = view("leader");
        lock.hold("leader", "0", 0);
        view.look();
        view.tellWorkers(5);
        assertEquals(5, lock.written);
        lock.hold("leader", "1", 5);
        nowMillis += 2_000;
        view.look();
        lock.written = -1;
        view.tellWorkers(5);
        assertEquals(-1, lock.written, "it is known already");
        view.tellWorkers(6);
        assertEquals(6, lock.written);
        lock.written = -1;
        lock.hold("leader", "2", 0); // lost and won again
        nowMillis += 2_000;
        view.look();
        view.tellWorkers(6);
        assertEquals(6, lock.written);
    }

    @Test
    void aNumberThatCouldNotBeWrittenIsWrittenInTheNextRound() {
        LockView view = view("leader");
        view.tellWorkers(5);
        assertEquals(-1, lock.written);
        lock.hold("leader", "0", 0);
        view.tellWorkers(5);
        assertEquals(5, lock.written);
    }
}
