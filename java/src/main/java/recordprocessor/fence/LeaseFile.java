package recordprocessor.fence;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What one shard's process must know at any moment, also while it is busy and reads no messages: 24 bytes of shared
 * memory, three signed 64-bit numbers in the machine's byte order.
 *
 * <pre>
 * offset 0   the lease is good until, in nanoseconds of CLOCK_BOOTTIME; past while a renewal is late; 0 once it is lost
 * offset 8   1 once the daemon was asked to stop, else 0
 * offset 16  when KCL last read the shard and found nothing, in milliseconds since 1970; 0 from when it finds something
 * </pre>
 *
 * <p>The protocol is synchronous: inside {@code processRecords} a shard process hears neither of lease loss nor of a
 * stop. Both sides have the same clock, one that goes on while the host sleeps ({@link BootTime}), so the process can
 * compare without asking. The Python side of this file is {@code delivery/lease.py}.
 */
public final class LeaseFile implements AutoCloseable {
    /** The time of a lease that is no longer ours, permanently. */
    public static final long LOST = 0;

    private static final int SIZE_BYTES = 24;
    private static final int GOOD_UNTIL_OFFSET = 0;
    private static final int STOP_OFFSET = 8;
    private static final int EMPTY_OFFSET = 16;
    // A volatile store through a view handle is one aligned eight-byte write: no reader sees half of it.
    private static final VarHandle LONGS =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final Path path;
    private final MappedByteBuffer memory;
    private final long openedNanos = BootTime.nanos();

    public LeaseFile(Path path) throws IOException {
        this.path = path;
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            this.memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE_BYTES);
        }
    }

    public Path path() {
        return path;
    }

    /** In nanoseconds of {@link BootTime}. */
    public long openedNanos() {
        return openedNanos;
    }

    public void goodUntil(long bootTimeNanos) {
        LONGS.setVolatile(memory, GOOD_UNTIL_OFFSET, bootTimeNanos);
    }

    public void askToStop() {
        LONGS.setVolatile(memory, STOP_OFFSET, 1L);
    }

    /** KCL has read the shard. */
    public void foundNothing(long epochMillis) {
        LONGS.setVolatile(memory, EMPTY_OFFSET, epochMillis);
    }

    /** KCL has read the shard; call this before the process gets the records. */
    public void foundRecords() {
        foundNothing(0);
    }

    /** Revokes the lease in the memory that a shard process may still have mapped, then removes the name. */
    @Override
    public void close() throws IOException {
        goodUntil(LOST);
        Files.deleteIfExists(path);
    }
}
