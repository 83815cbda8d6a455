package software.amazon.kinesis.multilang;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import recordprocessor.Timers;
import recordprocessor.config.StreamArn;
import recordprocessor.config.WorkerProperties;
import recordprocessor.fence.LeaseFile;
import recordprocessor.fence.LeaseFileUpdater;
import recordprocessor.process.ActionsNumber;
import recordprocessor.process.CommandStarter;
import recordprocessor.process.ForkingStarter;
import recordprocessor.process.ProcessEnd;
import recordprocessor.process.ProcessStarter;
import recordprocessor.process.ShardConsumers;
import recordprocessor.process.ShardProcess;
import recordprocessor.process.Stragglers;
import recordprocessor.process.Tenure;
import recordprocessor.process.Tenures;
import software.amazon.kinesis.common.StreamIdentifier;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.MultiStreamLease;
import software.amazon.kinesis.multilang.StreamsRecordProcessor.Parts;
import software.amazon.kinesis.multilang.config.MultiLangDaemonConfiguration;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.processor.ShardRecordProcessorFactory;

/**
 * Creates a shard's processor, and tells its process which stream the shard belongs to.
 *
 * <p>Records do not contain the ARN of their stream, and only {@link #shardRecordProcessor(StreamIdentifier)} is told
 * it by KCL.
 */
final class StreamsRecordProcessorFactory implements ShardRecordProcessorFactory {
    private static final long LOOK_MILLIS = 500;

    private final ProcessStarter starter;
    private final ExecutorService executor;
    private final MultiLangDaemonConfiguration kcl;
    private final Parts parts;
    private final Stragglers stragglers = new Stragglers();
    private final long stuckAfterNanos;
    private final boolean recordsAsJson;
    private final boolean multiStream;
    private final Map<String, StreamArn> arnsByKclName;
    private final ObjectMapper json = new ObjectMapper();
    private final Set<StreamsRecordProcessor> processors =
            Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    StreamsRecordProcessorFactory(WorkerProperties properties, MultiLangDaemonConfig config, LeaseFileUpdater leases) {
        LongSupplier actions = actions(properties);
        this.starter = starter(properties, actions);
        this.executor = config.getExecutorService();
        this.kcl = config.getMultiLangDaemonConfiguration();
        this.parts = new Parts(leases, new ShardConsumers(), new Tenures(properties.leaseFilesDirectory()), actions);
        this.stuckAfterNanos = TimeUnit.MILLISECONDS.toNanos(properties.stuckAfterMillis());
        this.recordsAsJson = properties.recordsAsJson();
        this.multiStream = properties.multiStream();
        this.arnsByKclName = properties.streamArns().stream()
                .collect(Collectors.toMap(
                        arn -> arn.forAdapter(properties.region()).kclStreamName(), Function.identity()));
    }

    private static LongSupplier actions(WorkerProperties properties) {
        return properties.forkerCommand().isPresent()
                ? new ActionsNumber(properties.leaseFilesDirectory())
                : () -> 0; // they are replaced with the forker only
    }

    private static ProcessStarter starter(WorkerProperties properties, LongSupplier actions) {
        ProcessStarter starter = new CommandStarter(properties.shardProcessCommand());
        Path folder = properties.leaseFilesDirectory();
        return properties
                .forkerCommand()
                .<ProcessStarter>map(command -> new ForkingStarter(command, folder, starter, actions))
                .orElse(starter);
    }

    /** Only the adapter calls this, once, to look at the type of the result. */
    @Override
    public ShardRecordProcessor shardRecordProcessor() {
        return new StreamsRecordProcessor("", UnaryOperator.identity(), parts, (leaseFile, tenure, onEnd) -> {
            throw new IllegalStateException("a shard without a stream");
        });
    }

    /** Call this before the scheduler runs. */
    void start(Scheduler scheduler) {
        parts.consumers().start(scheduler);
        Timers.repeat("stuck-watch", this::endTheSilent, LOOK_MILLIS);
    }

    ProcessStarter starter() {
        return starter;
    }

    private void endTheSilent() {
        Set.copyOf(processors).forEach(processor -> processor.endIfSilent(stuckAfterNanos));
    }

    @Override
    public ShardRecordProcessor shardRecordProcessor(StreamIdentifier stream) {
        UnaryOperator<String> leaseKey = multiStream
                ? shardId -> MultiStreamLease.getLeaseKey(stream.serialize(), shardId)
                : UnaryOperator.identity();
        StreamArn arn = arnsByKclName.get(stream.streamName());
        StreamsRecordProcessor processor = new StreamsRecordProcessor(
                arn.table(), leaseKey, parts, (leaseFile, tenure, onEnd) -> piped(arn, leaseFile, tenure, onEnd));
        processors.add(processor);
        return processor;
    }

    /**
     * Returns the leases whose shard processes may have something to save that they have not been asked to save yet.
     */
    List<String> unsaved() {
        return Set.copyOf(processors).stream()
                .filter(StreamsRecordProcessor::isUnsaved)
                .map(StreamsRecordProcessor::leaseKey)
                .toList();
    }

    /** Ends all shard processes, and what they started. */
    void killShardProcesses() {
        Set.copyOf(processors).forEach(StreamsRecordProcessor::kill);
        stragglers.endEverything();
    }

    private PipedRecordProcessor piped(StreamArn arn, LeaseFile leaseFile, Tenure tenure, Consumer<ProcessEnd> onEnd) {
        // docs/reference/process-contract.md describes these.
        Map<String, String> environment = Map.of(
                "RP_STREAM_ARN", arn.text(),
                "RP_LEASE_FILE", leaseFile.path().toString(),
                "RP_TRIALS_FILE", tenure.trials().path().toString(),
                "RP_RESTARTS", String.valueOf(tenure.restarts().inARow()),
                "RP_LAST_END", tenure.lastEnd().text());
        return new PipedRecordProcessor(
                () -> ShardProcess.start(starter, environment, tenure.trials(), stragglers),
                onEnd,
                executor,
                json,
                recordsAsJson ? new JsonRecordsWriter() : new MessageWriter(),
                kcl);
    }
}
