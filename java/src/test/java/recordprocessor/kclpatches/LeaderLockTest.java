package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeaderLockTest {
    @ParameterizedTest
    @ValueSource(longs = {1_000, 3_000, 10_000, 60_000, 600_000})
    void aLockOutlivesThreeHeartbeatsAndIsOverBeforeTheLeasesAre(long failoverTimeMillis) {
        LeaderLock lock = LeaderLock.within(failoverTimeMillis);
        assertTrue(lock.leaseMillis() > 3 * lock.heartbeatMillis());
        assertTrue(lock.leaseMillis() <= Math.max(1_200, failoverTimeMillis / 2));
    }

    @Test
    void theDefaultFailoverTimeHasAHeartbeatASecond() {
        assertEquals(new LeaderLock(5_000, 1_000), LeaderLock.within(10_000));
    }
}
