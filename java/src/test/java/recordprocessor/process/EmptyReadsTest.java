package recordprocessor.process;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class EmptyReadsTest {
    private final AtomicLong actions = new AtomicLong(1);
    private final EmptyReads reads = new EmptyReads(actions::get);

    @Test
    void aProcessIsToldOfTheFirst() {
        assertTrue(reads.isDue(true, 0));
    }

    @Test
    void aProcessWithSomethingToDoIsToldOfEach() {
        reads.told(0);
        assertTrue(reads.isDue(false, 1));
    }

    @Test
    void anIdleOneIsToldNowAndThen() {
        reads.told(5);
        assertFalse(reads.isDue(true, 5 + EmptyReads.LONGEST_NANOS - 1));
        assertTrue(reads.isDue(true, 5 + EmptyReads.LONGEST_NANOS));
        reads.told(5 + EmptyReads.LONGEST_NANOS);
        assertFalse(reads.isDue(true, 6 + EmptyReads.LONGEST_NANOS));
    }

    @Test
    void anIdleOneIsToldAfterTheActionsWereReplaced() {
        reads.told(0);
        actions.incrementAndGet();
        assertTrue(reads.isDue(true, 1));
    }
}
