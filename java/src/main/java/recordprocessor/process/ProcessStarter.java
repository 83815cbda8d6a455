package recordprocessor.process;

import java.io.IOException;
import java.util.Map;
import java.util.OptionalDouble;

/** A way to start a shard process. However it was started, {@link ShardProcess} is its only owner. */
public interface ProcessStarter {
    /** Whether it forks shard processes from a warm one. */
    default boolean forks() {
        return false;
    }

    /** Since when there is nothing to fork from, in seconds; empty if there is, or if it does not fork. */
    default OptionalDouble goneSeconds() {
        return OptionalDouble.empty();
    }

    /** @param environment what this shard process is told in addition to what all of them inherit */
    Process start(Map<String, String> environment) throws IOException;
}
