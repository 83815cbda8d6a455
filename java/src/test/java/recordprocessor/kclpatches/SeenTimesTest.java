package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SeenTimesTest {
    private static final long NOON = 1_000_000;
    private static final long AN_HOUR = 3600;

    private long seconds;
    private final SeenTimes times = new SeenTimes(
            2000, () -> TimeUnit.SECONDS.toNanos(seconds), () -> TimeUnit.SECONDS.toMillis(NOON + seconds));

    private long look(long written) {
        times.look();
        return times.own("worker", written);
    }

    @Test
    void aWorkerWhoseClockIsAnHourBehindIsKnownToLiveFromItsNextReportOn() {
        look(NOON - AN_HOUR);
        seconds = 1;
        assertEquals(NOON + 1, look(NOON - AN_HOUR + 1));
        seconds = 2;
        assertEquals(NOON + 1, look(NOON - AN_HOUR + 1));
    }

    @Test
    void aWorkerWhoseClockIsAnHourAheadGrowsOldWhenItIsGone() {
        look(NOON + AN_HOUR);
        for (seconds = 1; seconds < 60; seconds++) {
            assertEquals(NOON, look(NOON + AN_HOUR));
        }
    }

    @Test
    void aWorkerThatDiedBeforeTheFirstLookIsNotTakenForAlive() {
        assertEquals(NOON - 30, look(NOON - 30));
        seconds = 1;
        assertEquals(NOON - 30, look(NOON - 30));
    }

    @Test
    void whatChangedWhileNobodyLookedMayHaveChangedAtAnyTime() {
        look(NOON);
        seconds = 600;
        assertEquals(NOON + 100, look(NOON + 100));
    }

    @Test
    void theTimeAsItWasWrittenIsRemembered() {
        look(NOON - AN_HOUR);
        seconds = 1;
        long own = look(NOON - AN_HOUR + 1);
        assertEquals(NOON - AN_HOUR + 1, times.written("worker", own));
    }
}
