package recordprocessor.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import org.junit.jupiter.api.Test;

class AlreadyToldTest {
    private static FilterReply reply(Throwable error) {
        LoggerContext context = new LoggerContext();
        return new AlreadyTold()
                .decide(new LoggingEvent("", context.getLogger("kcl"), Level.ERROR, "it failed", error, null));
    }

    @Test
    void theEndOfAProcessAndAnInterruptedSleepAreLeftOut() {
        assertEquals(FilterReply.DENY, reply(new RuntimeException(new ProcessEndedException("shard"))));
        assertEquals(FilterReply.DENY, reply(new InterruptedException()));
    }

    @Test
    void allElseIsSaid() {
        assertEquals(FilterReply.NEUTRAL, reply(new RuntimeException(new IllegalStateException())));
        assertEquals(FilterReply.NEUTRAL, reply(null));
    }
}
