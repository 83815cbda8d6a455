package recordprocessor.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongSupplier;

/**
 * How often the actions were replaced since the worker started: a number in shared memory, which the parent process
 * writes ({@code delivery/orders_file.py}).
 */
public final class ActionsNumber implements LongSupplier {
    private static final String FILE = "orders";
    private static final int OFFSET = 16;
    private static final VarHandle LONGS =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final MappedByteBuffer memory;

    /** @param directory the run directory */
    public ActionsNumber(Path directory) {
        try (FileChannel channel = FileChannel.open(directory.resolve(FILE), StandardOpenOption.READ)) {
            memory = channel.map(FileChannel.MapMode.READ_ONLY, 0, OFFSET + Long.BYTES);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    @Override
    public long getAsLong() {
        return (long) LONGS.getVolatile(memory, OFFSET);
    }
}
