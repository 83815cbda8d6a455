package recordprocessor.kclpatches;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Which of many workers do what needs a few of them: each draws for itself, without asking the others.
 *
 * <p>A lot depends on the worker's name and on the occasion, so it is the same each time, and another worker's is
 * independent of it. With up to {@link #WORKERS} workers everybody is drawn; with more it is that many on average, and
 * hardly ever fewer than six.
 */
final class WatchLot {
    static final int WORKERS = 16;
    private static final double LOTS = 0x1p32;

    private WatchLot() {}

    /** Returns whether a worker is drawn; everybody is if the number of workers is not known (0). */
    static boolean draws(String workerId, String occasion, int workers) {
        return workers <= WORKERS || lot(workerId + ' ' + occasion) * workers < WORKERS;
    }

    /** From 0 to 1, evenly. */
    private static double lot(String text) {
        CRC32 sum = new CRC32();
        sum.update(text.getBytes(StandardCharsets.UTF_8));
        return Integer.toUnsignedLong(mixed((int) sum.getValue())) / LOTS;
    }

    /** The sum alone would give names that differ in one place lots that differ in the same way on each occasion. */
    private static int mixed(int bits) {
        int mixed = (bits ^ bits >>> 16) * 0x85ebca6b;
        mixed = (mixed ^ mixed >>> 13) * 0xc2b2ae35;
        return mixed ^ mixed >>> 16;
    }
}
