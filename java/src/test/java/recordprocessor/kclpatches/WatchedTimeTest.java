package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WatchedTimeTest {
    private long millis = 5000;
    private final WatchedTime time = new WatchedTime(2000, () -> TimeUnit.MILLISECONDS.toNanos(millis));

    private long secondsOf(int looks, long millisBetween) {
        long before = time.get();
        for (int look = 0; look < looks; look++) {
            millis += millisBetween;
            time.get();
        }
        return TimeUnit.NANOSECONDS.toSeconds(time.get() - before);
    }

    @Test
    void goesAsTheClockWhileTheLeaderLooks() {
        assertEquals(60, secondsOf(60, 1000));
    }

    @Test
    void standsStillWhileTheTableIsAway() {
        assertEquals(2, secondsOf(1, 60_000));
    }

    @Test
    void goesSlowerWhereTheTableIsSlow() {
        assertEquals(20, secondsOf(10, 4000));
    }
}
