package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DiscoveryPaceTest {
    private static final int A_MINUTE = 60_000;

    private long nowMillis = 1_000_000;

    private DiscoveryPace pace(long kclsMillis, long intervalMillis) {
        return new DiscoveryPace(kclsMillis, intervalMillis, () -> TimeUnit.MILLISECONDS.toNanos(nowMillis));
    }

    /** Asks every 100 ms, as KCL is made to; reports come every so many milliseconds, and 0 is never. */
    private List<Long> queries(DiscoveryPace pace, int reportMillis, String note) {
        List<Long> found = new ArrayList<>();
        long begin = nowMillis;
        for (int passed = 0; passed < A_MINUTE; passed += 100) {
            nowMillis = begin + passed;
            if (reportMillis > 0 && passed % reportMillis == 0) {
                pace.reported(note);
            }
            if (pace.isDue()) {
                found.add((long) passed);
            }
        }
        return found;
    }

    @Test
    void thereIsOneQueryASecondAndItComesHalfASecondAfterTheReport() {
        DiscoveryPace pace = pace(475, 1_000);
        queries(pace, 1_000, "");
        List<Long> found = queries(pace, 1_000, "");
        assertEquals(60, found.size());
        found.forEach(passed -> assertEquals(500, passed % 1_000));
    }

    @Test
    void aFirstQueryAtAnyTimeIsFollowedByOnesBetweenTheReports() {
        for (int phase = 0; phase < 1_000; phase += 100) {
            DiscoveryPace pace = pace(475, 1_000);
            pace.reported("");
            nowMillis += phase;
            assertTrue(pace.isDue());
            nowMillis += 1_000 - phase;
            List<Long> found = queries(pace, 1_000, "");
            found.subList(2, found.size()).forEach(passed -> assertEquals(500, passed % 1_000));
        }
    }

    @Test
    void withoutReportsThereIsStillOneQueryASecond() {
        assertEquals(60, queries(pace(475, 1_000), 0, "").size());
    }

    @Test
    void reportsInQuickSuccessionDoNotKeepTheQueriesAway() {
        assertEquals(60, queries(pace(475, 1_000), 300, "").size());
    }

    @Test
    void aLongerAssignmentIntervalKeepsKclsQueries() {
        assertEquals(24, queries(pace(2_500, 5_000), 1_000, "").size());
    }

    @Test
    void aShorterAssignmentIntervalHasOneQueryEach() {
        assertEquals(300, queries(pace(75, 200), 1_000, "").size());
    }

    @Test
    void aNoteIsFollowedAtOnceAndForAMomentTwiceASecond() {
        DiscoveryPace pace = pace(475, 1_000);
        assertTrue(pace.isDue());
        nowMillis += 10;
        assertFalse(pace.isDue());
        pace.reported("a note");
        assertTrue(pace.isDue());
        List<Long> found = queries(pace, 1_000, "a note");
        assertTrue(found.get(0) <= 500 && found.get(4) <= 2_500, found.subList(0, 6).toString());
        assertTrue(found.size() < 65, found.size() + " queries");
    }

    @Test
    void theSameNoteIsNoNewOne() {
        DiscoveryPace pace = pace(475, 1_000);
        pace.reported("a note");
        queries(pace, 1_000, "a note");
        assertEquals(60, queries(pace, 1_000, "a note").size());
    }

    @Test
    void aLeaseIsLookedForWithinHalfASecondOfItsNote() {
        for (int phase = 0; phase < 1_000; phase += 50) {
            DiscoveryPace pace = pace(475, 1_000);
            queries(pace, 1_000, "");
            long assigned = nowMillis + phase;
            long found = 0;
            for (long passed = 0; found == 0; passed += 50) {
                nowMillis += 50;
                if (passed % 1_000 == 0) {
                    pace.reported(nowMillis >= assigned ? "a note" : "");
                }
                found = pace.isDue() && nowMillis >= assigned ? nowMillis : 0;
            }
            assertTrue(found - assigned <= 550, found - assigned + " ms after " + phase);
        }
    }
}
