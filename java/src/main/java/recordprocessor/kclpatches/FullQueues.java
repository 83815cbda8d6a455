package recordprocessor.kclpatches;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.kinesis.lifecycle.ShardConsumer;
import software.amazon.kinesis.retrieval.polling.PrefetchRecordsPublisher;

/**
 * Has the end of a shard's consumer not wait for a reader that waits for room.
 *
 * <p>KCL reads a few batches ahead. While a shard's process answers nothing (it starts slowly, or has all that it can hold), they
 * fill the queue, and the reader waits for room in it. At the consumer's end, KCL waits 60 s for the reader before it interrupts
 * it: a shard whose process died stood still for that minute. Here it is interrupted at once.
 */
public final class FullQueues {
    private static final Logger LOG = LoggerFactory.getLogger(FullQueues.class);
    // For a reader that is in a call of the stream's: most end by themselves.
    private static final long READER_MILLIS = 100;

    private FullQueues() {}

    /** Call it before the consumer is told to end. */
    public static void doNotWaitForReader(ShardConsumer consumer) {
        try {
            Object publisher = KclFields.get(consumer, "recordsPublisher");
            if (publisher instanceof PrefetchRecordsPublisher) {
                KclFields.set(publisher, "awaitTerminationTimeoutMillis", READER_MILLIS);
            }
        } catch (ReflectiveOperationException | RuntimeException error) {
            LOG.warn("a shard whose process ended while its queue was full begins again after a minute only", error);
        }
    }
}
