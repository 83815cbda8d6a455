package recordprocessor.streams;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class ForeignShardsTest {
    private static final Instant MADE = Instant.ofEpochMilli(1795637007014L);
    private static final String SHARD = "shardId-00000001795637007014-f34c220a";

    @Test
    void aShardYoungerThanTheRetentionHasNotExpired() {
        assertFalse(ForeignShards.mayHaveExpired(SHARD, MADE.plusSeconds(86_000)));
        assertTrue(ForeignShards.mayHaveExpired(SHARD, MADE.plusSeconds(87_000)));
    }

    @Test
    void anIdThatHoldsNoTimeIsTakenAsTheAdapterTakesIt() {
        assertTrue(ForeignShards.mayHaveExpired("shardId-000000000000", MADE));
    }
}
