package recordprocessor.process;

import java.io.IOException;
import java.util.Map;

/** A way to start a shard process. However it was started, {@link ShardProcess} is its only owner. */
public interface ProcessStarter {
    /** @param environment what this shard process is told in addition to what all of them inherit */
    Process start(Map<String, String> environment) throws IOException;
}
