package recordprocessor.fence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BootTimeTest {
    @TempDir
    Path folder;

    private Path uptime(String text) throws IOException {
        return Files.writeString(folder.resolve("uptime"), text);
    }

    @Test
    void theClockIsTheKernelsUptimeWhateverTheMonotonicClockSays() throws IOException {
        Path uptime = uptime("1000.25 7777.77\n");
        BootTime clock = new BootTime(uptime, 0, () -> 5L);
        assertEquals(1_000_250_000_000L, clock.now());
        uptime("4600.25 7777.77\n");
        assertEquals(4_600_250_000_000L, clock.now());
    }

    @Test
    void anUptimeThatCountsFromAContainersStartIsSetRight() throws IOException {
        BootTime clock = new BootTime(uptime("10.00 1.00\n"), 3_000_000_000L, () -> 5L);
        assertEquals(13_000_000_000L, clock.now());
    }

    @Test
    void whereThereIsNoUptimeTheMonotonicClockIsTaken() {
        assertEquals(5, new BootTime(folder.resolve("none"), 0, () -> 5L).now());
    }

    @Test
    void anUptimeThatCannotBeReadAnyMoreMakesTheClockStandStill() throws IOException {
        BootTime clock = new BootTime(uptime("10.00 1.00\n"), 0, () -> 5L);
        clock.now();
        uptime("");
        assertEquals(10_000_000_000L, clock.now());
    }

    @Test
    void onThisHostItGoesOnWithTheMonotonicClock() throws InterruptedException {
        long before = BootTime.nanos();
        long monotonic = System.nanoTime();
        Thread.sleep(50);
        long passed = BootTime.nanos() - before;
        assertTrue(Math.abs(passed - (System.nanoTime() - monotonic)) < 500_000_000L);
    }
}
