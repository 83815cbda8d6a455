package software.amazon.kinesis.multilang;

import com.amazonaws.services.dynamodbv2.streamsadapter.model.DynamoDBStreamsProcessRecordsInput;
import com.amazonaws.services.dynamodbv2.streamsadapter.processor.DynamoDBStreamsShardRecordProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import recordprocessor.fence.LeaseFile;
import recordprocessor.fence.LeaseFileUpdater;
import recordprocessor.kclpatches.FullQueues;
import recordprocessor.process.EmptyReads;
import recordprocessor.process.ProcessEnd;
import recordprocessor.process.ProcessEndedException;
import recordprocessor.process.ProcessEvents;
import recordprocessor.process.ShardConsumers;
import recordprocessor.process.Silence;
import recordprocessor.process.Tenure;
import recordprocessor.process.Tenures;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;

/**
 * One shard's processor in the form that the adapter demands, around the one that talks to the shard process.
 *
 * <p>Once the process has ended, records that KCL still has are ignored: no checkpoint is made for them, and whoever
 * starts on the shard next, usually this worker with a new process, reads them again from the last checkpoint.
 */
final class StreamsRecordProcessor implements DynamoDBStreamsShardRecordProcessor {
    /** Starts a process with what it needs to know in its environment. */
    interface ProcessStarts {
        PipedRecordProcessor create(LeaseFile leaseFile, Tenure tenure, Consumer<ProcessEnd> onEnd);
    }

    /** What all processors of the worker share. */
    record Parts(LeaseFileUpdater leases, ShardConsumers consumers, Tenures tenures, LongSupplier actions) {}

    private static final long LOOK_MILLIS = 50;

    private final String table;
    private final UnaryOperator<String> leaseKeyOfShard;
    private final Parts parts;
    private final ProcessStarts starts;
    /** Whether the process has ended without KCL asking it to, and what follows from that is done. */
    private final AtomicBoolean ended = new AtomicBoolean();

    private final Silence silence = new Silence();
    private final EmptyReads emptyReads;

    private String leaseKey;
    private ProcessEvents events;
    private LeaseFile leaseFile;
    private volatile Tenure tenure;
    private volatile PipedRecordProcessor piped;
    private volatile boolean hadRecords;
    private volatile boolean leaving;
    private volatile boolean saved;

    StreamsRecordProcessor(
            String table, UnaryOperator<String> leaseKeyOfShard, Parts parts, ProcessStarts starts) {
        this.table = table;
        this.leaseKeyOfShard = leaseKeyOfShard;
        this.parts = parts;
        this.starts = starts;
        this.emptyReads = new EmptyReads(parts.actions());
    }

    @Override
    public void initialize(InitializationInput input) {
        leaseKey = leaseKeyOfShard.apply(input.shardId());
        events = new ProcessEvents(table, input.shardId());
        tenure = parts.consumers()
                .lease(leaseKey)
                .map(parts.tenures()::of)
                .orElse(null);
        // While KCL waits for a straggler it finds the leases that it has just dropped, and starts on them again.
        if (tenure == null || !waitForTurn()) {
            return;
        }
        try {
            leaseFile = parts.leases().open(leaseKey);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        tenure.started(checkpoint());
        piped = starts.create(leaseFile, tenure, this::onEnd);
        ask(() -> piped.initialize(input));
    }

    /** Has the process do something, and waits for its answer. */
    private void ask(Runnable question) {
        silence.asked(tenure.trials().signOfLife(), System.nanoTime());
        try {
            question.run();
        } finally {
            silence.over();
        }
    }

    /** Ends the process if it has owed an answer for this long without a sign of life. */
    void endIfSilent(long nanos) {
        Tenure current = tenure;
        if (piped == null || current == null || !piped.lives()) {
            return;
        }
        long silent = silence.nanos(current.trials().signOfLife(), System.nanoTime());
        if (silent > nanos) {
            silence.over();
            events.stuck(TimeUnit.NANOSECONDS.toSeconds(silent));
            piped.kill();
        }
    }

    /** Waits until the process may be started; returns false if KCL wants the shard to end before that. */
    private boolean waitForTurn() {
        try {
            while (!parts.leases().isStopping() && !parts.consumers().isLeaving(leaseKey)) {
                if (tenure.waitMillis() <= 0) {
                    return true;
                }
                Thread.sleep(Math.min(LOOK_MILLIS, Math.max(tenure.waitMillis(), 1)));
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    @Override
    public void processRecords(DynamoDBStreamsProcessRecordsInput input) {
        throw new UnsupportedOperationException("the scheduler calls processRecords(ProcessRecordsInput)");
    }

    @Override
    public void processRecords(ProcessRecordsInput input) {
        if (isWorking() && isWorthTelling(input)) {
            emptyReads.told(System.nanoTime());
            ask(() -> piped.processRecords(input));
        }
    }

    /** Notes what KCL has found, and returns whether the process is to hear of it. */
    private boolean isWorthTelling(ProcessRecordsInput input) {
        if (input.records().isEmpty()) {
            leaseFile.foundNothing(System.currentTimeMillis());
            return emptyReads.isDue(tenure.trials().isIdle(), System.nanoTime());
        }
        leaseFile.foundRecords();
        hadRecords = true;
        return true;
    }

    @Override
    public void leaseLost(LeaseLostInput input) {
        leave(() -> piped.leaseLost(input));
    }

    @Override
    public void shardEnded(ShardEndedInput input) {
        boolean done = leave(() -> piped.shardEnded(input));
        if (!done) {
            throw new ProcessEndedException(leaseKey);
        }
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {
        if (isWorking()) {
            ask(() -> piped.shutdownRequested(input));
            saved = true;
        }
    }

    /** Whether its process runs, and may have something to save that it has not been asked to save yet. */
    boolean isUnsaved() {
        return piped != null && piped.lives() && !saved;
    }

    String leaseKey() {
        return leaseKey;
    }

    /** Ends the process at once: the time that the operator allows for a stop is over. */
    void kill() {
        leaving = true;
        if (piped != null) {
            piped.kill();
        }
    }

    private boolean isWorking() {
        return piped != null && !piped.failed() && !ended.get();
    }

    /** Says goodbye; returns whether the process received it. */
    private boolean leave(Runnable goodbye) {
        leaving = true;
        boolean done = isWorking();
        if (done) {
            ask(goodbye);
            done = !piped.failed();
        }
        if (!done && piped != null && !ended.get()) {
            decide(piped.end());
        }
        close();
        return done;
    }

    private void onEnd(ProcessEnd end) {
        // While KCL says goodbye, it asks for an end; how that went is seen afterwards.
        if (!leaving) {
            decide(end);
        }
    }

    private void decide(ProcessEnd end) {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        ProcessEnd named = end.unasked();
        if (named.isRestarted() && !parts.leases().isStopping() && isOurs()) {
            long delayMillis = tenure.ended(named.reason(), checkpoint(), hadRecords);
            if (named.reason() != ProcessEnd.Reason.RELOAD) { // the process has logged that
                events.restarted(named, tenure.restarts(), delayMillis);
            }
            parts.consumers().consumer(leaseKey).ifPresent(FullQueues::doNotWaitForReader);
            parts.consumers().beginAgain(leaseKey);
            return;
        }
        if (named.isRestarted()) {
            events.gone(named, tenure.restarts());
        }
        parts.leases().release(leaseKey);
    }

    private void close() {
        if (leaseFile != null) {
            parts.leases().close(leaseKey, leaseFile);
        }
        boolean goesOnHere = tenure != null && tenure.isInterrupted() && isOurs();
        if (tenure != null && !goesOnHere) {
            parts.tenures().end(leaseKey, tenure);
        }
    }

    /** Whether this worker has had the lease all the time. */
    private boolean isOurs() {
        return parts.consumers().lease(leaseKey).filter(tenure::isUnder).isPresent();
    }

    private String checkpoint() {
        return parts.consumers()
                .lease(leaseKey)
                .map(lease -> String.valueOf(lease.checkpoint()))
                .orElse("");
    }
}
