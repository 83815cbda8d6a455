package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseStatsRecorder;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.kpl.ExtendedSequenceNumber;

class HeldLeasesTest {
    private static final ExtendedSequenceNumber TEN = new ExtendedSequenceNumber("10", 0L);

    private final LeaseRows rows = new LeaseRows();
    private final HeldLeases leases = new HeldLeases(
            rows.table(), LeaseRows.US, new LeaseStatsRecorder(1000L, System::currentTimeMillis), lease -> {},
            new ConfiguredStreams(new SingleStreamTracker("phones")),
            new NullMetricsFactory());

    private static void waitFor(BooleanSupplier condition, String what) throws InterruptedException {
        for (int look = 0; look < 1000; look++) {
            if (condition.getAsBoolean()) {
                return;
            }
            Thread.sleep(5);
        }
        throw new AssertionError("waited for: " + what);
    }

    private long counter(String key) {
        return leases.getCurrentlyHeldLease(key).leaseCounter();
    }

    /** A lease that is held, and whose first renewal is over. */
    private Lease hold(String key) throws InterruptedException {
        leases.addLeasesToRenew(List.of(rows.add(key, LeaseRows.US)));
        waitFor(() -> leases.getCurrentlyHeldLease(key).leaseCounter() == 8, "its first renewal");
        return leases.getCurrentlyHeldLease(key);
    }

    private boolean checkpoint(String key, UUID token) throws Exception {
        Lease lease = leases.getCurrentlyHeldLease(key);
        lease.checkpoint(TEN);
        return leases.updateLease(lease, token, "checkpoint", key);
    }

    @Test
    void aLeaseThatTheTableDoesNotAnswerForDelaysNoOtherAndCanBeAskedFor() throws Exception {
        hold("stuck");
        hold("other");
        CountDownLatch answers = new CountDownLatch(1);
        rows.before = key -> {
            if (key.equals("stuck")) {
                try {
                    answers.await(10, TimeUnit.SECONDS);
                } catch (InterruptedException error) {
                    Thread.currentThread().interrupt();
                }
            }
            return key;
        };
        for (long round = 1; round <= 3; round++) {
            long renewed = 8 + round;
            leases.renewLeases();
            waitFor(() -> counter("other") == renewed, "the renewal of the other");
        }
        assertEquals(8, counter("stuck"));
        assertEquals(2, leases.getCurrentlyHeldLeases().size());
        assertTrue(checkpoint("other", leases.getCurrentlyHeldLease("other").concurrencyToken()));
        answers.countDown();
        waitFor(() -> counter("stuck") == 9, "one renewal of the one that was stuck, and not three");
    }

    @Test
    void aNewLeaseIsRenewedAtOnceSoThatItsTimeBegins() throws Exception {
        hold("new");
        assertEquals(8, rows.rows.get("new").leaseCounter());
    }

    @Test
    void aLeaseOfAnEarlierProcessOfThisNameIsTakenUpAndAnothersIsNot() {
        rows.add("ours", LeaseRows.US);
        rows.add("theirs", "them");
        leases.initialize();
        assertNotNull(leases.getCurrentlyHeldLease("ours"));
        assertNull(leases.getCurrentlyHeldLease("theirs"));
    }

    @Test
    void aLeaseThatAnotherWorkerStillHandsOverToThisNameIsNotTakenUp() {
        rows.add("theirs", LeaseRows.US);
        rows.rows.get("theirs").checkpointOwner("them");
        leases.initialize();
        assertNull(leases.getCurrentlyHeldLease("theirs"));
        assertEquals(7, rows.rows.get("theirs").leaseCounter());
    }

    @Test
    void aRenewalThatFailsWithoutARefusalLosesNothing() throws Exception {
        hold("late");
        rows.before = key -> {
            throw new IllegalStateException("throttled");
        };
        leases.renewLeases();
        rows.before = key -> key;
        waitFor(
                () -> {
                    leases.renewLeases();
                    return counter("late") > 8;
                },
                "a later renewal");
    }

    @Test
    void aCheckpointAfterARenewalWhoseAnswerWasLostIsStillOurs() throws Exception {
        Lease lease = hold("ours");
        rows.answersAreLost = true;
        leases.renewLeases();
        waitFor(() -> rows.rows.get("ours").leaseCounter() == 9, "the write in the table");
        rows.answersAreLost = false;
        assertTrue(checkpoint("ours", lease.concurrencyToken()));
        assertEquals(TEN, rows.rows.get("ours").checkpoint());
    }

    @Test
    void aLeaseInHandoffWhoseRenewalWasLostIsStillOurs() throws Exception {
        Lease lease = hold("leaving");
        Lease row = rows.rows.get("leaving").copy();
        row.leaseOwner("them");
        row.checkpointOwner(LeaseRows.US);
        row.leaseCounter(9L);
        rows.rows.put("leaving", row);
        assertTrue(checkpoint("leaving", lease.concurrencyToken()));
        assertEquals("them", leases.getCurrentlyHeldLease("leaving").leaseOwner());
    }

    @Test
    void aLeaseWithAnothersNameIsLost() throws Exception {
        Lease lease = hold("gone");
        rows.add("gone", "them").leaseCounter(9L);
        leases.renewLeases();
        waitFor(() -> leases.getCurrentlyHeldLease("gone") == null, "the loss");
        assertFalse(leases.updateLease(lease, lease.concurrencyToken(), "checkpoint", "gone"));
    }

    @Test
    void aLeaseThatWasAnothersInBetweenIsLostAlsoWithOurNameInIt() throws Exception {
        hold("back");
        Lease row = rows.rows.get("back").copy();
        row.leaseCounter(row.leaseCounter() + 2);
        rows.rows.put("back", row);
        leases.renewLeases();
        waitFor(() -> leases.getCurrentlyHeldLease("back") == null, "the loss");
    }

    @Test
    void aCheckpointOfATimeBeforeIsRefused() throws Exception {
        hold("ours");
        assertFalse(checkpoint("ours", UUID.randomUUID()));
    }

    @Test
    void aCheckpointThatFailsChangesNothing() throws Exception {
        Lease lease = hold("ours");
        rows.before = key -> {
            throw new IllegalStateException("throttled");
        };
        assertThrows(IllegalStateException.class, () -> checkpoint("ours", lease.concurrencyToken()));
        assertEquals(
                ExtendedSequenceNumber.TRIM_HORIZON,
                leases.getCurrentlyHeldLease("ours").checkpoint());
    }
}
