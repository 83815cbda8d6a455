package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.amazonaws.services.dynamodbv2.AcquireLockOptions;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBLockClient;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBLockClientOptions;
import com.amazonaws.services.dynamodbv2.model.LockCurrentlyUnavailableException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** With the lock client itself, whose clock is the real one; a lock here lives 100 ms. */
class SharedLockReadsTest {
    private static final long LOCK_MILLIS = 100;
    private static final int MANY = 1_000_000;

    private final LockInMemory lock = new LockInMemory();
    private long viewMillis = 1_000_000;
    private final LockView view = new LockView(
            lock, "us", LeaderLock.within(10_000), () -> TimeUnit.MILLISECONDS.toNanos(viewMillis));
    private final AmazonDynamoDBLockClient client = new AmazonDynamoDBLockClient(
            AmazonDynamoDBLockClientOptions.builder(SharedLockReads.over(lock.client(), view), "table")
                    .withPartitionKeyName("key")
                    .withOwnerName("us")
                    .withTimeUnit(TimeUnit.MILLISECONDS)
                    .withLeaseDuration(LOCK_MILLIS)
                    .withHeartbeatPeriod(LOCK_MILLIS / 4)
                    .withCreateHeartbeatBackgroundThread(false)
                    .build());

    private boolean acquires() throws InterruptedException {
        try {
            return client.tryAcquireLock(AcquireLockOptions.builder("Leader")
                            .withTimeUnit(TimeUnit.MILLISECONDS)
                            .withShouldSkipBlockingWait(true)
                            .build())
                    .isPresent();
        } catch (LockCurrentlyUnavailableException error) {
            return false;
        }
    }

    private static void outliveTheLock() throws InterruptedException {
        Thread.sleep(2 * LOCK_MILLIS);
    }

    @Test
    void aLockThatStoodStillForItsLifeIsTakenOver() throws Exception {
        lock.hold("leader", "the last", MANY);
        assertFalse(acquires());
        outliveTheLock();
        assertTrue(acquires());
        assertEquals("us", new LockItem(lock.item).owner());
    }

    @Test
    void theLifeOfALockCountsFromWhenTheWatchSawItFirst() throws Exception {
        lock.hold("leader", "the last", 2);
        view.look();
        viewMillis += LOCK_MILLIS;
        assertFalse(acquires());
        Thread.sleep(60);
        assertTrue(acquires());
    }

    @Test
    void aLockThatWasRenewedSinceItWasLookedAtIsNotTakenOver() throws Exception {
        lock.hold("leader", "one", MANY);
        assertFalse(acquires());
        lock.hold("leader", "two", MANY);
        outliveTheLock(); // the view's clock stands still, so it still says "one"
        assertFalse(acquires());
        assertEquals("leader", new LockItem(lock.item).owner());
        assertTrue(lock.refused > 0, "the lock client did not try");
    }

    @Test
    void aLockThatAnotherWorkerHasTakenMeanwhileIsNotTriedFor() throws Exception {
        view.look();
        lock.hold("another", "the first", 2);
        assertFalse(acquires());
        lock.hold("another", "the last", 2);
        viewMillis += 500;
        view.look();
        viewMillis += LOCK_MILLIS;
        lock.hold("yet another", "the first", 2);
        assertFalse(acquires());
        assertEquals(0, lock.refused);
    }

    @Test
    void aLockThatWasReleasedIsTakenOnceThatWasSeen() throws Exception {
        lock.hold("leader", "one", MANY);
        assertFalse(acquires());
        lock.item = Map.of();
        viewMillis += 2_000;
        assertTrue(acquires());
    }

    @Test
    void anotherWorkersLockCostsTheLockClientNoReadsOfItsOwn() throws Exception {
        lock.hold("leader", "one", MANY);
        client.getLock("Leader", Optional.empty());
        acquires();
        assertEquals(0, lock.consistentReads);
        assertEquals(1, lock.reads);
    }

    @Test
    void aLockInOurOwnNameIsReadFromTheTable() {
        lock.hold("us", "of an earlier process", MANY);
        view.look();
        lock.hold("leader", "newer", MANY);
        assertEquals("leader", client.getLock("Leader", Optional.empty()).orElseThrow().getOwnerName());
        assertEquals(1, lock.consistentReads);
    }
}
