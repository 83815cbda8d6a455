package recordprocessor.kclpatches;

import software.amazon.kinesis.lifecycle.ShardConsumer;
import software.amazon.kinesis.retrieval.RecordsPublisher;
import software.amazon.kinesis.retrieval.polling.PrefetchRecordsPublisher;

/**
 * Has the end of a shard's consumer not wait for a reader that waits for room.
 *
 * <p>KCL reads a few batches ahead. While a shard process answers nothing (it starts slowly, or is full), they fill the
 * queue, and the reader waits for room in it. At the consumer's end, KCL waits 60 s for the reader before it interrupts
 * it: a shard whose process died waited for that minute. Here the reader is interrupted at once.
 */
public final class FullQueues {
    // For a reader that is calling the stream: most calls end by themselves.
    private static final long READER_MILLIS = 100;

    private static final KclField<RecordsPublisher> PUBLISHER = new KclField<>(ShardConsumer.class, "recordsPublisher");
    private static final KclField<Long> AWAITED_MILLIS =
            new KclField<>(PrefetchRecordsPublisher.class, "awaitTerminationTimeoutMillis");

    private FullQueues() {}

    /** Call this before the consumer is told to end. */
    public static void doNotWaitForReader(ShardConsumer consumer) {
        KclPatch.FULL_QUEUES.apply(() -> {
            if (PUBLISHER.get(consumer) instanceof PrefetchRecordsPublisher publisher) {
                AWAITED_MILLIS.set(publisher, READER_MILLIS);
            }
        });
    }
}
