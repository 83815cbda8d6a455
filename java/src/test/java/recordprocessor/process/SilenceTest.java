package recordprocessor.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SilenceTest {
    private final Silence silence = new Silence();

    @Test
    void whoWasAskedNothingIsNotSilentHoweverLongItSaysNothing() {
        assertEquals(0, silence.nanos(1, 100));
        assertEquals(0, silence.nanos(1, 200));
    }

    @Test
    void itCountsFromTheQuestion() {
        silence.asked(1, 100);
        assertEquals(50, silence.nanos(1, 150));
        silence.over();
        assertEquals(0, silence.nanos(1, 500));
    }

    @Test
    void aSignOfLifeBeginsItAnew() {
        silence.asked(1, 100);
        assertEquals(0, silence.nanos(2, 150));
        assertEquals(30, silence.nanos(2, 180));
    }

    @Test
    void timeInWhichTheWholeHostStoodStillIsNobodysSilence() {
        long hour = 3_600_000_000_000L;
        silence.asked(1, 0);
        assertEquals(500, silence.nanos(1, 500));
        assertEquals(500 + Silence.MOST_BETWEEN_LOOKS_NANOS, silence.nanos(1, hour));
        assertEquals(500 + Silence.MOST_BETWEEN_LOOKS_NANOS + 500, silence.nanos(1, hour + 500));
    }
}
