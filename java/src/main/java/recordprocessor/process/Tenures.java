package recordprocessor.process;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.kinesis.leases.Lease;

/** The tenures of all shards of this worker, by lease key. */
public final class Tenures {
    private final Path directory;
    private final Map<String, Tenure> tenures = new ConcurrentHashMap<>();
    private final AtomicInteger begun = new AtomicInteger();

    public Tenures(Path directory) {
        this.directory = directory;
    }

    /** Returns this lease's tenure, or a new one: if it was taken again, the shard was elsewhere in between. */
    public Tenure of(Lease lease) {
        return tenures.compute(lease.leaseKey(), (key, known) -> {
            if (known != null && known.isUnder(lease)) {
                return known;
            }
            if (known != null) {
                known.trials().remove();
            }
            Path trials = directory.resolve("trials-" + begun.incrementAndGet());
            return new Tenure(lease.concurrencyToken(), new TrialsFile(trials));
        });
    }

    /** Ends a tenure: the shard leaves this worker, or is at its end. */
    public void end(String leaseKey, Tenure tenure) {
        // The same shard may have come back already, with its own tenure.
        tenures.remove(leaseKey, tenure);
        tenure.trials().remove();
    }
}
