package recordprocessor.process;

import java.io.IOException;
import java.util.Map;

/** A way to start a shard's process. However it came to be, {@link ShardProcess} is its one owner. */
public interface ProcessStarter {
    /** @param environment what this shard's process is told beside what all of them inherit */
    Process start(Map<String, String> environment) throws IOException;
}
