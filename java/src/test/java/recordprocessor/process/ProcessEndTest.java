package recordprocessor.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcessEndTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0, orderly, false, false",
        "80, 80, lease_lost, false, false",
        "81, 81, stopped, false, false",
        "82, 82, call_timeout, true, false",
        "83, 83, defect, true, true",
        "84, 84, actions, true, true",
        "85, 85, reload, true, false",
    })
    void aConfirmedStatusIsBelieved(int status, int confirmed, String reason, boolean restarted, boolean error) {
        ProcessEnd end = ProcessEnd.of(status, confirmed);
        assertEquals(reason, end.reason().text());
        assertEquals(restarted, end.isRestarted());
        assertEquals(error, end.isError());
    }

    @ParameterizedTest
    @CsvSource({"80, 0", "83, 80", "0, 80", "1, 0", "3, 3", "137, 0", "139, 81"})
    void anyOtherEndIsTheDoingOfTheUsersCodeOrOfASignal(int status, int confirmed) {
        ProcessEnd end = ProcessEnd.of(status, confirmed);
        assertEquals("killed", end.reason().text());
        assertTrue(end.isRestarted());
        assertFalse(end.isError());
    }

    @Test
    void aSignalHasItsName() {
        assertEquals("SIGSEGV", ProcessEnd.of(139, 0).signal());
        assertEquals("34", ProcessEnd.of(128 + 34, 0).signal());
        assertEquals("", ProcessEnd.of(1, 0).signal());
        assertEquals("", ProcessEnd.of(200, 0).signal());
    }

    @Test
    void anOrderlyEndThatNobodyAskedForIsNone() {
        assertEquals("killed", ProcessEnd.of(0, 0).unasked().reason().text());
        assertEquals("stopped", ProcessEnd.of(81, 81).unasked().reason().text());
    }
}
