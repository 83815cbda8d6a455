package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsSchedulerFactory;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.leases.LeaseStatsRecorder;
import software.amazon.kinesis.leases.MultiStreamLease;
import software.amazon.kinesis.leases.exceptions.DependencyException;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.FormerStreamsLeasesDeletionStrategy.NoLeaseDeletionStrategy;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.processor.StreamTracker;

class ConfiguredStreamsTest {
    private static final String ARN =
            "arn:aws:dynamodb:us-west-2:000000000000:table/Phones/stream/2026-11-23T06:31:23.882";

    private final StreamTracker tracker = StreamsSchedulerFactory.createMultiStreamTracker(
            List.of(ARN),
            InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON),
            new NoLeaseDeletionStrategy());
    private final String configured =
            tracker.streamConfigList().get(0).streamIdentifier().serialize();
    private final ConfiguredStreams streams = new ConfiguredStreams(tracker);

    private static MultiStreamLease lease(String stream, String shardId) {
        MultiStreamLease lease = new MultiStreamLease();
        lease.leaseKey(MultiStreamLease.getLeaseKey(stream, shardId));
        lease.streamIdentifier(stream);
        lease.shardId(shardId);
        return lease;
    }

    private Lease ours() {
        return lease(configured, "shardId-1");
    }

    private Lease another() {
        return lease(configured.replace("Phones", "Left"), "shardId-2");
    }

    private static LeaseRefresher table(Object answer) {
        return (LeaseRefresher) Proxy.newProxyInstance(
                ConfiguredStreamsTest.class.getClassLoader(),
                new Class<?>[] {LeaseRefresher.class},
                (proxy, method, arguments) -> {
                    if (answer instanceof Exception error) {
                        throw error;
                    }
                    return answer;
                });
    }

    @Test
    void theLeaderSeesTheLeasesOfConfiguredStreamsAlone() throws Exception {
        LeaseRefresher table = table(Map.entry(List.of(ours(), another()), List.of("unreadable")));
        Map.Entry<List<Lease>, List<String>> seen = streams.only(table).listLeasesParallely(null, 1);
        assertEquals(List.of(ours()), seen.getKey());
        assertEquals(List.of("unreadable"), seen.getValue());
    }

    @Test
    void whatTheTableThrowsIsThrownAsItIs() {
        LeaseRefresher table = table(new DependencyException("away", null));
        assertThrows(DependencyException.class, () -> streams.only(table).listLeasesParallely(null, 1));
    }

    @Test
    void aWorkerThatIsGivenALeaseOfAnotherStreamDoesNotTakeIt() {
        HeldLeases leases = new HeldLeases(
                table(null),
                "us",
                new LeaseStatsRecorder(1000L, System::currentTimeMillis),
                lease -> {},
                streams,
                new NullMetricsFactory());
        leases.addLeasesToRenew(List.of(another()));
        assertNull(leases.getCurrentlyHeldLease(another().leaseKey()));
        assertTrue(leases.getCurrentlyHeldLeases().isEmpty());
    }

    @Test
    void withOneStreamAllLeasesAreItsOwn() {
        ConfiguredStreams one = new ConfiguredStreams(new SingleStreamTracker("phones"));
        LeaseRefresher table = table(null);
        assertTrue(one.have(new Lease()));
        assertSame(table, one.only(table));
    }
}
