package software.amazon.kinesis.multilang;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import recordprocessor.DaemonProperties;
import recordprocessor.leases.LeaseFile;
import recordprocessor.leases.LeaseWatch;
import recordprocessor.streams.StreamArn;
import software.amazon.kinesis.common.StreamIdentifier;
import software.amazon.kinesis.leases.MultiStreamLease;
import software.amazon.kinesis.multilang.config.MultiLangDaemonConfiguration;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.processor.ShardRecordProcessorFactory;

/**
 * Makes a shard's processor, and tells its child which stream the shard belongs to.
 *
 * <p>Records carry no ARN of their stream, and {@link #shardRecordProcessor(StreamIdentifier)} is the only place where
 * KCL says it.
 */
final class StreamsRecordProcessorFactory implements ShardRecordProcessorFactory {
    private final List<String> command;
    private final ExecutorService executor;
    private final MultiLangDaemonConfiguration kcl;
    private final LeaseWatch leases;
    private final boolean multiStream;
    private final Map<String, StreamArn> arnsByKclName;
    private final ObjectMapper json = new ObjectMapper();
    private final Set<StreamsRecordProcessor> processors =
            Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    StreamsRecordProcessorFactory(DaemonProperties properties, MultiLangDaemonConfig config, LeaseWatch leases) {
        this.command = properties.childCommand();
        this.executor = config.getExecutorService();
        this.kcl = config.getMultiLangDaemonConfiguration();
        this.leases = leases;
        this.multiStream = properties.multiStream();
        this.arnsByKclName = properties.streamArns().stream()
                .collect(Collectors.toMap(
                        arn -> arn.forAdapter(properties.region()).kclStreamName(), Function.identity()));
    }

    /** Only the adapter calls this, once, to look at the type of what it gets. */
    @Override
    public ShardRecordProcessor shardRecordProcessor() {
        return new StreamsRecordProcessor(UnaryOperator.identity(), leases, leaseFile -> {
            throw new IllegalStateException("a shard without a stream");
        });
    }

    @Override
    public ShardRecordProcessor shardRecordProcessor(StreamIdentifier stream) {
        UnaryOperator<String> leaseKey = multiStream
                ? shardId -> MultiStreamLease.getLeaseKey(stream.serialize(), shardId)
                : UnaryOperator.identity();
        StreamArn arn = arnsByKclName.get(stream.streamName());
        StreamsRecordProcessor processor =
                new StreamsRecordProcessor(leaseKey, leases, leaseFile -> child(arn, leaseFile));
        processors.add(processor);
        return processor;
    }

    /** The leases whose children may have something to save that they were not yet asked to save. */
    List<String> unsaved() {
        return Set.copyOf(processors).stream()
                .filter(StreamsRecordProcessor::isUnsaved)
                .map(StreamsRecordProcessor::leaseKey)
                .toList();
    }

    void killChildren() {
        Set.copyOf(processors).forEach(StreamsRecordProcessor::kill);
    }

    private ChildProcessor child(StreamArn arn, LeaseFile leaseFile) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("RP_STREAM_ARN", arn.text());
        builder.environment().put("RP_LEASE_FILE", leaseFile.path().toString());
        return new ChildProcessor(builder, executor, json, kcl);
    }
}
