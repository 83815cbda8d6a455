import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsSchedulerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.model.DynamoDBStreamsProcessRecordsInput;
import com.amazonaws.services.dynamodbv2.streamsadapter.polling.DynamoDBStreamsPollingConfig;
import com.amazonaws.services.dynamodbv2.streamsadapter.processor.DynamoDBStreamsShardRecordProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import recordprocessor.startup.FirstShardSync;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.MetricsLevel;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.StreamTracker;
import software.amazon.kinesis.retrieval.RetrievalConfig;

/**
 * What a user would write in Java: a processor on the DynamoDB Streams adapter that appends each record to a file.
 *
 * <p>Started as {@code JavaPeer ENDPOINT REGION APPLICATION STREAM_ARN FILE}. It checkpoints once per second, as the
 * worker beside it does. Only its start differs from the adapter's examples: the tables exist, and the first shard
 * sync runs at once, since a start is not measured.
 */
public final class JavaPeer {
    private static final long CHECKPOINT_NANOS = 1_000_000_000;

    private JavaPeer() {}

    public static void main(String[] arguments) throws Exception {
        URI endpoint = URI.create(arguments[0]);
        Region region = Region.of(arguments[1]);
        Scheduler scheduler = scheduler(endpoint, region, arguments[2], arguments[3], Path.of(arguments[4]));
        FirstShardSync.run(scheduler);
        scheduler.run();
    }

    private static Scheduler scheduler(URI endpoint, Region region, String application, String arn, Path file) {
        StaticCredentialsProvider local = StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local"));
        DynamoDbStreamsClient streams = DynamoDbStreamsClient.builder()
                .credentialsProvider(local)
                .region(region)
                .endpointOverride(endpoint)
                .build();
        DynamoDbAsyncClient tables = DynamoDbAsyncClient.builder()
                .credentialsProvider(local)
                .region(region)
                .endpointOverride(endpoint)
                .build();
        CloudWatchAsyncClient metrics = CloudWatchAsyncClient.builder()
                .credentialsProvider(local)
                .region(region)
                .build();
        AmazonDynamoDBStreamsAdapterClient adapter = new AmazonDynamoDBStreamsAdapterClient(streams, region);
        StreamTracker tracker = StreamsSchedulerFactory.createSingleStreamTracker(
                arn, InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON));
        ConfigsBuilder configs = new ConfigsBuilder(
                tracker, application, adapter, tables, metrics, UUID.randomUUID().toString(), () -> new ToFile(file));
        DynamoDBStreamsPollingConfig polling = new DynamoDBStreamsPollingConfig(adapter);
        polling.streamName(tracker.streamConfigList().get(0).streamIdentifier().streamName());
        polling.maxRecords(1000);
        polling.idleTimeBetweenReadsInMillis(1);
        var leases = configs.leaseManagementConfig();
        leases.leaseAssignmentIntervalMillis(1000L);
        leases.shardSyncIntervalMillis(0);
        leases.workerUtilizationAwareAssignmentConfig().workerMetricsReporterFreqInMillis(1000);
        leases.workerUtilizationAwareAssignmentConfig().disableWorkerMetrics(true);
        return StreamsSchedulerFactory.createScheduler(
                configs.checkpointConfig(),
                configs.coordinatorConfig(),
                leases,
                configs.lifecycleConfig(),
                configs.metricsConfig().metricsLevel(MetricsLevel.NONE),
                configs.processorConfig().callProcessRecordsEvenForEmptyRecordList(true),
                new RetrievalConfig(adapter, tracker, application).retrievalSpecificConfig(polling),
                adapter);
    }

    /** Appends each batch to a file, and syncs it before the checkpoint may pass it. */
    private static final class ToFile implements DynamoDBStreamsShardRecordProcessor {
        private final FileChannel file;
        private long checkpointed = System.nanoTime();

        ToFile(Path path) {
            try {
                file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        @Override
        public void initialize(InitializationInput input) {
            System.out.println("started");
        }

        @Override
        public void processRecords(DynamoDBStreamsProcessRecordsInput input) {
            try {
                append(input);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            if (System.nanoTime() - checkpointed > CHECKPOINT_NANOS) {
                checkpoint(input.checkpointer());
                checkpointed = System.nanoTime();
            }
        }

        private void append(DynamoDBStreamsProcessRecordsInput input) throws IOException {
            int bytes = input.records().stream().mapToInt(record -> record.data().remaining() + 1).sum();
            ByteBuffer lines = ByteBuffer.allocate(bytes);
            input.records().forEach(record -> lines.put(record.data().duplicate()).put((byte) '\n'));
            lines.flip();
            while (lines.hasRemaining()) {
                file.write(lines);
            }
            file.force(false);
        }

        private static void checkpoint(RecordProcessorCheckpointer checkpointer) {
            try {
                checkpointer.checkpoint();
            } catch (Exception error) {
                throw new IllegalStateException(error);
            }
        }

        @Override
        public void leaseLost(LeaseLostInput input) {}

        @Override
        public void shardEnded(ShardEndedInput input) {
            checkpoint(input.checkpointer());
        }

        @Override
        public void shutdownRequested(ShutdownRequestedInput input) {
            checkpoint(input.checkpointer());
        }
    }
}
