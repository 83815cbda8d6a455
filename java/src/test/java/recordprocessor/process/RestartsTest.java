package recordprocessor.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RestartsTest {
    private final Restarts restarts = new Restarts();
    private long now = 0;

    private void lived(long seconds, String from, String to, boolean hadRecords) {
        restarts.started(from, now);
        now += TimeUnit.SECONDS.toNanos(seconds);
        restarts.ended(to, hadRecords, now);
    }

    @Test
    void theFirstStartDoesNotWait() {
        assertEquals(0, restarts.inARow());
        assertEquals(0, restarts.delayMillis());
    }

    @Test
    void theWaitDoublesUpToHalfAMinute() {
        for (long expected : new long[] {200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000}) {
            lived(1, "7", "7", true);
            assertEquals(expected, restarts.delayMillis());
        }
        for (int more = 0; more < 100; more++) {
            lived(1, "7", "7", true);
        }
        assertEquals(30_000, restarts.delayMillis());
        assertEquals(110, restarts.inARow());
    }

    @Test
    void aMinuteOfLifeOrAMovedCheckpointBeginsANewRow() {
        lived(1, "7", "7", true);
        lived(1, "7", "7", true);
        lived(60, "7", "7", true);
        assertEquals(1, restarts.inARow());
        lived(1, "7", "7", true);
        lived(1, "7", "8", true);
        assertEquals(1, restarts.inARow());
        assertEquals(200, restarts.delayMillis());
    }

    @Test
    void threeInARowThatNeverHadARecordAreALoop() {
        lived(1, "7", "7", false);
        lived(1, "7", "7", false);
        assertFalse(restarts.isLoopWithoutRecords());
        lived(1, "7", "7", false);
        assertTrue(restarts.isLoopWithoutRecords());
        lived(1, "7", "7", true);
        assertFalse(restarts.isLoopWithoutRecords());
    }
}
