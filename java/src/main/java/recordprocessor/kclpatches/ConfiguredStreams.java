package recordprocessor.kclpatches;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.leases.MultiStreamLease;
import software.amazon.kinesis.processor.StreamTracker;
import software.amazon.kinesis.retrieval.kpl.ExtendedSequenceNumber;

/**
 * Which leases belong to the streams of this worker's configuration.
 *
 * <p>With several streams the lease table may have leases of others: of a table that was removed from streamName, or of
 * a stream that its table has replaced. KCL's leader assigns them like all others, and a worker starts on them without
 * knowing what they are. Here they are left alone: nobody gets them, and they count for nobody.
 */
public final class ConfiguredStreams {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredStreams.class);

    /** As leases name them; null with one stream, whose leases do not name it. */
    private final Set<String> identifiers;

    public ConfiguredStreams(StreamTracker tracker) {
        this.identifiers = !tracker.isMultiStream()
                ? null
                : tracker.streamConfigList().stream()
                        .map(config -> config.streamIdentifier().serialize())
                        .collect(Collectors.toUnmodifiableSet());
    }

    public boolean have(Lease lease) {
        return identifiers == null
                || !(lease instanceof MultiStreamLease multi)
                || identifiers.contains(multi.streamIdentifier());
    }

    /** Reports once, at the start, which streams are left alone. */
    public void warnOfOthers(Collection<Lease> all) {
        Map<String, Long> others = all.stream()
                .filter(lease -> !have(lease))
                // What has ended needs nobody: the stream that a table had before the current one, say.
                .filter(lease -> !ExtendedSequenceNumber.SHARD_END.equals(lease.checkpoint()))
                .collect(Collectors.groupingBy(
                        lease -> ((MultiStreamLease) lease).streamIdentifier(), TreeMap::new, Collectors.counting()));
        if (!others.isEmpty()) {
            LOG.atWarn()
                    .addMarker(MarkerFactory.getMarker("stream.unconfigured"))
                    .addKeyValue("streams", others.keySet())
                    .addKeyValue("leases", others.values().stream().mapToLong(Long::longValue).sum())
                    .log("the lease table has leases of streams that streamName does not name: their shards are not"
                            + " read, and their positions are kept. Add the table again to continue with them");
        }
    }

    /** Returns the lease table as the leader is to see it. */
    public LeaseRefresher only(LeaseRefresher table) {
        if (identifiers == null) {
            return table;
        }
        return (LeaseRefresher) Proxy.newProxyInstance(
                LeaseRefresher.class.getClassLoader(),
                new Class<?>[] {LeaseRefresher.class},
                (proxy, method, arguments) -> {
                    try {
                        Object answer = method.invoke(table, arguments);
                        return method.getName().equals("listLeasesParallely") ? ours(answer) : answer;
                    } catch (InvocationTargetException error) {
                        throw error.getCause();
                    }
                });
    }

    /** Filters a pair of a list of leases and a list of the keys that could not be read. */
    @SuppressWarnings("unchecked")
    private Map.Entry<List<Lease>, List<String>> ours(Object answer) {
        Map.Entry<List<Lease>, List<String>> all = (Map.Entry<List<Lease>, List<String>>) answer;
        return new SimpleImmutableEntry<>(
                all.getKey().stream().filter(this::have).collect(Collectors.toList()), all.getValue());
    }
}
