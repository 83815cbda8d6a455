package software.amazon.kinesis.multilang;

import com.amazonaws.services.dynamodbv2.streamsadapter.model.DynamoDBStreamsProcessRecordsInput;
import com.amazonaws.services.dynamodbv2.streamsadapter.processor.DynamoDBStreamsShardRecordProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import recordprocessor.leases.LeaseFile;
import recordprocessor.leases.LeaseWatch;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;

/**
 * One shard's processor in the form the adapter demands, around the one that speaks to the child.
 *
 * <p>Once the child failed, records that KCL still has in hand are ignored: no checkpoint is made for them, and the
 * shard's next owner, which may be this worker with a new child, reads them again from the last checkpoint.
 */
final class StreamsRecordProcessor implements DynamoDBStreamsShardRecordProcessor {
    /** Starts a child with the path of its lease file in the environment. */
    interface ChildFactory {
        ChildProcessor create(LeaseFile leaseFile);
    }

    private static final Logger LOG = LoggerFactory.getLogger(StreamsRecordProcessor.class);

    private final UnaryOperator<String> leaseKeyOfShard;
    private final LeaseWatch leases;
    private final ChildFactory children;

    private String leaseKey;
    private LeaseFile leaseFile;
    private volatile ChildProcessor child;
    private volatile boolean saved;

    StreamsRecordProcessor(UnaryOperator<String> leaseKeyOfShard, LeaseWatch leases, ChildFactory children) {
        this.leaseKeyOfShard = leaseKeyOfShard;
        this.leases = leases;
        this.children = children;
    }

    @Override
    public void initialize(InitializationInput input) {
        leaseKey = leaseKeyOfShard.apply(input.shardId());
        try {
            leaseFile = leases.open(leaseKey);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        // While KCL waits for a straggler it finds the leases again that it has just dropped, and begins on them anew.
        // Such a child takes nothing in, so it has nothing to save.
        saved = leases.isStopping();
        child = children.create(leaseFile);
        child.initialize(input);
        releaseIfFailed();
    }

    @Override
    public void processRecords(DynamoDBStreamsProcessRecordsInput input) {
        throw new UnsupportedOperationException("the scheduler calls processRecords(ProcessRecordsInput)");
    }

    @Override
    public void processRecords(ProcessRecordsInput input) {
        if (child.failed()) {
            return;
        }
        child.processRecords(input);
        releaseIfFailed();
    }

    @Override
    public void leaseLost(LeaseLostInput input) {
        finish(() -> child.leaseLost(input));
    }

    @Override
    public void shardEnded(ShardEndedInput input) {
        // A failed child cannot have finished its records; KCL then sees no checkpoint at the shard's end.
        finish(() -> child.shardEnded(input));
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {
        if (child != null && !child.failed()) {
            child.shutdownRequested(input);
            saved = true;
        }
    }

    /** Whether its child runs, and may have something to save that it was not yet asked to save. */
    boolean isUnsaved() {
        return child != null && child.lives() && !saved;
    }

    String leaseKey() {
        return leaseKey;
    }

    /** Ends the child without ceremony: the time that the operator allows for a stop is over. */
    void kill() {
        if (child != null) {
            child.kill();
        }
    }

    private void finish(Runnable goodbye) {
        if (child == null) {
            return;
        }
        if (!child.failed()) {
            goodbye.run();
            releaseIfFailed();
        }
        leases.close(leaseKey, leaseFile);
    }

    private void releaseIfFailed() {
        if (!child.failed()) {
            return;
        }
        if (!child.gaveUpLease()) {
            LOG.error("the process of shard {} {}; the shard starts again from its checkpoint", leaseKey, child.end());
        }
        leases.release(leaseKey);
    }
}
