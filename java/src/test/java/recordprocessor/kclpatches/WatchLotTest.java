package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WatchLotTest {
    private static final int OCCASIONS = 2_000;

    private static long drawn(int workers, IntFunction<String> name, String occasion) {
        return IntStream.range(0, workers)
                .filter(number -> WatchLot.draws(name.apply(number), occasion, workers))
                .count();
    }

    @Test
    void aFewWorkersAreAllDrawn() {
        assertEquals(16, drawn(16, number -> "worker-" + number, "leader"));
        assertTrue(WatchLot.draws("worker", "leader", 0), "the number is not known");
    }

    @ParameterizedTest
    @ValueSource(ints = {17, 20, 100, 1_000})
    void ofManySixteenAreDrawnOnAverageAndHardlyEverFewerThanSix(int workers) {
        long all = 0;
        int tooFew = 0;
        for (int occasion = 0; occasion < OCCASIONS; occasion++) {
            long few = drawn(workers, number -> "worker-" + number, "leader-" + occasion);
            all += few;
            tooFew += few < 6 ? 1 : 0;
        }
        double mean = (double) all / OCCASIONS;
        assertTrue(mean > 15 && mean < 17, mean + " on average");
        assertTrue(tooFew <= 10, tooFew + " times");
    }

    @Test
    void twoOccasionsDrawDifferentWorkers() {
        int workers = 1_000;
        String[] names = IntStream.range(0, workers)
                .mapToObj(number -> UUID.nameUUIDFromBytes(new byte[] {(byte) number, (byte) (number >> 8)})
                        .toString())
                .toArray(String[]::new);
        long both = IntStream.range(0, workers)
                .filter(number -> WatchLot.draws(names[number], "one", workers)
                        && WatchLot.draws(names[number], "other", workers))
                .count();
        assertTrue(both <= 5, both + " on both");
    }
}
