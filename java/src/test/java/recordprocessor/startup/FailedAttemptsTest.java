package recordprocessor.startup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import org.junit.jupiter.api.Test;

class FailedAttemptsTest {
    private static FilterReply logged(String logger, String message) {
        LoggingEvent event = new LoggingEvent("", new LoggerContext().getLogger(logger), Level.ERROR, message, null, null);
        return new FailedAttempts().decide(event);
    }

    @Test
    void anAttemptOfKclsThatFailedIsSeenAndItsLineGoesOn() {
        String scheduler = "software.amazon.kinesis.coordinator.Scheduler";
        assertEquals(FilterReply.NEUTRAL, logged(scheduler, "Worker.run caught exception, sleeping for {} milli seconds!"));
        assertFalse(FailedAttempts.seen());
        assertEquals(FilterReply.NEUTRAL, logged(scheduler, "Caught exception when initializing LeaseCoordinator"));
        assertTrue(FailedAttempts.seen());
    }
}
