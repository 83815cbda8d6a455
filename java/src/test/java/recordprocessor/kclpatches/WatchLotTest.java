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
        assertEquals(8, drawn(8, number -> "worker-" + number, "leader"));
        assertTrue(WatchLot.draws("worker", "leader", 0), "the number is not known");
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 20, 100, 1_000})
    void ofManyEightAreDrawnOnAverageAndHardlyEverNobody(int workers) {
        long all = 0;
        int nobody = 0;
        for (int occasion = 0; occasion < OCCASIONS; occasion++) {
            long few = drawn(workers, number -> "worker-" + number, "leader-" + occasion);
            all += few;
            nobody += few == 0 ? 1 : 0;
        }
        double mean = (double) all / OCCASIONS;
        assertTrue(mean > 7.5 && mean < 8.5, mean + " on average");
        assertTrue(nobody <= 6, nobody + " times nobody");
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
        assertTrue(both <= 2, both + " on both");
    }
}
