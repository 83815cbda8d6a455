package recordprocessor.fence;

import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;

/**
 * When the last successful write of each lease was sent.
 *
 * <p>KCL counts a lease's time from the moment the answer arrived. Other workers count from the write itself, which may
 * be much earlier if the answer was slow: by KCL's count the old owner would continue for just as long beside the new
 * one. The fence uses the moment before the request was sent.
 *
 * <p>The SDK creates this interceptor itself, for every DynamoDB client of the process, because a resource file names
 * it (software/amazon/awssdk/services/dynamodb/execution.interceptors): KCL's client is out of our reach.
 */
public final class LeaseRenewalTimes implements ExecutionInterceptor {
    private static final String LEASE_KEY = "leaseKey";
    private static final String LEASE_COUNTER = "leaseCounter";
    private static final ExecutionAttribute<Long> SENT = new ExecutionAttribute<>("LeaseWriteSent");
    private static final Map<String, Long> LAST = new ConcurrentHashMap<>();
    private static final AtomicLong NEWEST = new AtomicLong();
    private static final double SECOND_NANOS = 1e9;

    /** In nanoseconds of {@link BootTime}; empty before this process has written the lease. */
    public static OptionalLong lastSent(String leaseKey) {
        Long sent = LAST.get(leaseKey);
        return sent == null ? OptionalLong.empty() : OptionalLong.of(sent);
    }

    /** Of all leases, also those that are no longer ours: how long ago, in seconds; empty before the first write. */
    public static OptionalDouble newestSecondsAgo() {
        long newest = NEWEST.get();
        return newest == 0 ? OptionalDouble.empty() : OptionalDouble.of((BootTime.nanos() - newest) / SECOND_NANOS);
    }

    /** Forgets a lease that is no longer ours: another worker's writes count from now on. */
    public static void forget(String leaseKey) {
        LAST.remove(leaseKey);
    }

    @Override
    public void beforeExecution(Context.BeforeExecution context, ExecutionAttributes attributes) {
        attributes.putAttribute(SENT, BootTime.nanos());
    }

    @Override
    public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
        if (context.request() instanceof UpdateItemRequest update
                && update.hasKey()
                && update.key().containsKey(LEASE_KEY)
                && update.hasAttributeUpdates()
                && update.attributeUpdates().containsKey(LEASE_COUNTER)) {
            long sent = attributes.getAttribute(SENT);
            LAST.merge(update.key().get(LEASE_KEY).s(), sent, Math::max);
            NEWEST.accumulateAndGet(sent, Math::max);
        }
    }
}
