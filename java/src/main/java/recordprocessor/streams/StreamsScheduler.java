package recordprocessor.streams;

import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsSchedulerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.polling.DynamoDBStreamsPollingConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Collectors;
import recordprocessor.config.WorkerProperties;
import recordprocessor.kclpatches.ConfiguredStreams;
import recordprocessor.kclpatches.KclPatches;
import recordprocessor.kclpatches.LeaderLock;
import recordprocessor.kclpatches.LockView;
import recordprocessor.records.BodyReader;
import recordprocessor.records.StreamsClient;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClientBuilder;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.StreamConfig;
import software.amazon.kinesis.common.StreamIdentifier;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.MultiStreamLease;
import software.amazon.kinesis.multilang.config.KclConfigs;
import software.amazon.kinesis.processor.FormerStreamsLeasesDeletionStrategy.NoLeaseDeletionStrategy;
import software.amazon.kinesis.processor.StreamTracker;
import software.amazon.kinesis.retrieval.RetrievalConfig;

/** Builds KCL's scheduler over the DynamoDB Streams adapter. */
public final class StreamsScheduler {
    // A thread that polls a shard waits on its own connection; with the SDK's default of 50, shards would queue.
    private static final int MAX_CONNECTIONS = 1024;
    // A shard takes three of these steps before its first record; KCL's 1 s would add 3 s to every start and takeover.
    private static final long DISPATCH_POLL_MILLIS = 200;
    // For a short failover time: a slow table is still read.
    private static final long SHORTEST_TABLE_TIMEOUT_MILLIS = 5000;
    private static final int MAX_ATTEMPTS = 10;
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(10);

    private StreamsScheduler() {}

    public static Scheduler build(WorkerProperties properties, KclConfigs configs, LockView view) {
        Region region = Region.of(properties.region());
        StreamTracker tracker = tracker(properties, configs.leaseManagement().initialPositionInStream());
        AmazonDynamoDBStreamsAdapterClient adapter = new StreamsClient(
                streamsClient(
                        properties,
                        configs.streamsCredentials(),
                        region,
                        latestPositions(properties, configs, tracker)),
                region);
        if (!properties.goesOnAfterTrimmedData()) {
            adapter.setSkipRecordsBehavior(AmazonDynamoDBStreamsAdapterClient.SkipRecordsBehavior.KCL_RETRY);
        }
        // The adapter sets this to 0 itself, but only after it has taken the value: a first sync would sleep for a
        // minute.
        configs.leaseManagement().shardSyncIntervalMillis(0);
        configs.coordinator().shardConsumerDispatchPollIntervalMillis(DISPATCH_POLL_MILLIS);
        // A renewal whose answer takes longer than the lease lives renews nothing; KCL would wait for it for a minute.
        configs.leaseManagement()
                .dynamoDbRequestTimeout(Duration.ofMillis(Math.max(
                        SHORTEST_TABLE_TIMEOUT_MILLIS, configs.leaseManagement().failoverTimeMillis())));
        LeaderLock lock = LeaderLock.within(configs.leaseManagement().failoverTimeMillis());
        boolean configured = lock.configure(configs.leaseManagement());
        Scheduler scheduler = StreamsSchedulerFactory.createScheduler(
                configs.checkpoint(),
                configs.coordinator(),
                configs.leaseManagement(),
                configs.lifecycle(),
                configs.metrics(),
                configs.processor(),
                retrieval(properties, configs, tracker, adapter),
                adapter);
        KclPatches.apply(
                scheduler,
                configs.leaseManagement(),
                new ConfiguredStreams(tracker),
                properties.balancesByNumber(),
                configured ? null : lock,
                view);
        return scheduler;
    }

    private static RetrievalConfig retrieval(
            WorkerProperties properties,
            KclConfigs configs,
            StreamTracker tracker,
            AmazonDynamoDBStreamsAdapterClient adapter) {
        DynamoDBStreamsPollingConfig polling = new DynamoDBStreamsPollingConfig(adapter);
        polling.maxRecords(properties.maxRecords());
        polling.idleTimeBetweenReadsInMillis(properties.idleTimeBetweenReadsInMillis());
        if (!tracker.isMultiStream()) {
            polling.streamName(tracker.streamConfigList().get(0).streamIdentifier().streamName());
        }
        return new RetrievalConfig(adapter, tracker, configs.coordinator().applicationName())
                .retrievalSpecificConfig(polling);
    }

    private static StreamTracker tracker(WorkerProperties properties, InitialPositionInStreamExtended position) {
        List<String> arns = properties.streamArns().stream()
                .map(arn -> arn.forAdapter(properties.region()).text())
                .toList();
        if (properties.multiStream()) {
            // A stream that is left out of the properties for a while keeps its leases, and so its checkpoints.
            return StreamsSchedulerFactory.createMultiStreamTracker(arns, position, new NoLeaseDeletionStrategy());
        }
        return StreamsSchedulerFactory.createSingleStreamTracker(arns.get(0), position);
    }

    private static LatestPositions latestPositions(
            WorkerProperties properties, KclConfigs configs, StreamTracker tracker) {
        StartTimes starts = new StartTimes(
                configs.leaseManagement().dynamoDBClient(),
                configs.leaseManagement().tableName());
        Map<String, StreamIdentifier> streams = tracker.streamConfigList().stream()
                .map(StreamConfig::streamIdentifier)
                .collect(Collectors.toMap(StreamIdentifier::streamName, Function.identity()));
        BinaryOperator<String> leaseKeys = (stream, shardId) -> tracker.isMultiStream()
                ? MultiStreamLease.getLeaseKey(streams.get(stream).serialize(), shardId)
                : shardId;
        return new LatestPositions(
                starts::before, leaseKeys, properties.streamArns().get(0).isLocal());
    }

    private static DynamoDbStreamsClient streamsClient(
            WorkerProperties properties,
            AwsCredentialsProvider credentials,
            Region region,
            LatestPositions latestPositions) {
        DynamoDbStreamsClientBuilder builder = DynamoDbStreamsClient.builder()
                .credentialsProvider(credentials)
                .region(region)
                .httpClientBuilder(ApacheHttpClient.builder().maxConnections(MAX_CONNECTIONS))
                .overrideConfiguration(overrides(properties, latestPositions));
        properties.streamsEndpoint().ifPresent(builder::endpointOverride);
        return builder.build();
    }

    private static ClientOverrideConfiguration overrides(WorkerProperties properties, LatestPositions latestPositions) {
        ClientOverrideConfiguration.Builder overrides =
                ClientOverrideConfiguration.builder().retryStrategy(retries());
        overrides.addExecutionInterceptor(latestPositions);
        overrides.addExecutionInterceptor(new TrimmedDataWatch(properties.goesOnAfterTrimmedData()));
        overrides.addExecutionInterceptor(new ForeignShards());
        overrides.addExecutionInterceptor(new BodyReader(latestPositions::isCatchingUp));
        if (properties.streamArns().get(0).isLocal()) {
            overrides.addExecutionInterceptor(new LocalRegionInterceptor());
        }
        return overrides.build();
    }

    private static StandardRetryStrategy retries() {
        BackoffStrategy backoff = BackoffStrategy.exponentialDelay(FIRST_BACKOFF, LONGEST_BACKOFF);
        return AwsRetryStrategy.standardRetryStrategy().toBuilder()
                .maxAttempts(MAX_ATTEMPTS)
                .backoffStrategy(backoff)
                .throttlingBackoffStrategy(backoff)
                .build();
    }
}
