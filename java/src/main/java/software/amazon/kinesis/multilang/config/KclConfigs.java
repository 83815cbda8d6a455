package software.amazon.kinesis.multilang.config;

import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.kinesis.checkpoint.CheckpointConfig;
import software.amazon.kinesis.coordinator.CoordinatorConfig;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.lifecycle.LifecycleConfig;
import software.amazon.kinesis.metrics.MetricsConfig;
import software.amazon.kinesis.processor.ProcessorConfig;
import software.amazon.kinesis.processor.ShardRecordProcessorFactory;

/**
 * What KCL made of the properties, opened for the adapter's scheduler.
 *
 * <p>It is in KCL's package because {@code resolvedConfiguration} is package-private there. The retrieval config is
 * left out: the adapter needs its own.
 */
public record KclConfigs(
        CheckpointConfig checkpoint,
        CoordinatorConfig coordinator,
        LeaseManagementConfig leaseManagement,
        LifecycleConfig lifecycle,
        MetricsConfig metrics,
        ProcessorConfig processor,
        AwsCredentialsProvider streamsCredentials) {

    public static KclConfigs resolve(MultiLangDaemonConfiguration kcl, ShardRecordProcessorFactory processors) {
        MultiLangDaemonConfiguration.ResolvedConfiguration resolved = kcl.resolvedConfiguration(processors);
        return new KclConfigs(
                resolved.checkpointConfig,
                resolved.coordinatorConfig,
                resolved.leaseManagementConfig,
                resolved.lifecycleConfig,
                resolved.metricsConfig,
                resolved.processorConfig,
                kcl.getKinesisCredentialsProvider().build(AwsCredentialsProvider.class));
    }
}
