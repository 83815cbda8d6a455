package recordprocessor;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TimersTest {
    @Test
    void aLookThatFailsIsRepeatedAllTheSame() throws Exception {
        CountDownLatch looks = new CountDownLatch(3);
        Runnable failing = () -> {
            looks.countDown();
            throw new IllegalStateException("for the test");
        };
        try (Timers.Repeated repeated = Timers.repeat("failing", failing, 20)) {
            assertTrue(looks.await(30, TimeUnit.SECONDS));
        }
    }
}
