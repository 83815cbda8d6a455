package recordprocessor.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.kinesis.leases.Lease;

class TenuresTest {
    @TempDir
    Path folder;

    private Tenures tenures;

    @BeforeEach
    void make() {
        tenures = new Tenures(folder);
    }

    private static Lease lease(UUID token) {
        Lease lease = new Lease();
        lease.leaseKey("shard");
        lease.concurrencyToken(token);
        return lease;
    }

    @Test
    void aProcessThatIsStartedAgainFindsWhatTheOneBeforeLeft() {
        Lease lease = lease(UUID.randomUUID());
        Tenure tenure = tenures.of(lease);
        tenure.started("7");
        assertEquals(200, tenure.ended(ProcessEnd.Reason.KILLED, "7", true));
        assertTrue(tenure.isInterrupted());
        assertSame(tenure, tenures.of(lease));
        assertEquals(ProcessEnd.Reason.KILLED, tenures.of(lease).lastEnd());
        assertTrue(tenure.waitMillis() > 0);
        tenure.started("7");
        assertFalse(tenure.isInterrupted());
    }

    @Test
    void aSavedSourceFileMakesNobodyWaitAndCountsAsNoRestart() {
        Tenure tenure = tenures.of(lease(UUID.randomUUID()));
        for (int save = 0; save < 20; save++) {
            tenure.started("7");
            assertEquals(0, tenure.ended(ProcessEnd.Reason.RELOAD, "7", false));
            assertTrue(tenure.isInterrupted());
            assertTrue(tenure.waitMillis() <= 0);
        }
        assertEquals(0, tenure.restarts().inARow());
        assertEquals(ProcessEnd.Reason.RELOAD, tenure.lastEnd());
    }

    @Test
    void aShardThatWasElsewhereInBetweenBeginsAnew() throws IOException {
        Tenure tenure = tenures.of(lease(UUID.randomUUID()));
        Files.createFile(tenure.trials().path());
        Tenure next = tenures.of(lease(UUID.randomUUID()));
        assertNotSame(tenure, next);
        assertNotEquals(tenure.trials().path(), next.trials().path());
        assertFalse(Files.exists(tenure.trials().path()));
        assertTrue(next.waitMillis() <= 0);
    }

    @Test
    void theEndOfAnOldTenureLeavesTheNewOneAlone() {
        Tenure old = tenures.of(lease(UUID.randomUUID()));
        Lease again = lease(UUID.randomUUID());
        Tenure next = tenures.of(again);
        tenures.end("shard", old);
        assertSame(next, tenures.of(again));
    }
}
