package recordprocessor.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What outlives a shard process while the shard stays with this worker. The process creates and fills it; only its
 * first three bytes matter here: the exit status that the process confirmed just before it ended on purpose, a number
 * that keeps changing as long as it runs, and whether it has nothing to do until it gets records.
 *
 * <p>The Python side of these bytes is {@code system/process_end.py} and {@code delivery/trials.py}.
 */
public final class TrialsFile {
    /** Nothing is confirmed. */
    public static final int NOTHING = 0;

    private static final Logger LOG = LoggerFactory.getLogger(TrialsFile.class);

    private final Path path;

    public TrialsFile(Path path) {
        this.path = path;
    }

    public Path path() {
        return path;
    }

    /** Call this before a start: what the previous process confirmed says nothing about the next. */
    public void clearStatus() throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), 0);
        } catch (NoSuchFileException error) {
            // The process creates it.
        }
    }

    public int confirmedStatus() {
        return at(0);
    }

    /** Keeps changing while the process runs. */
    public int signOfLife() {
        return at(1);
    }

    /** Whether everything that the process has got is done and saved. */
    public boolean isIdle() {
        return at(2) == 1;
    }

    private int at(long position) {
        ByteBuffer one = ByteBuffer.allocate(1);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return channel.read(one, position) == 1 ? Byte.toUnsignedInt(one.get(0)) : NOTHING;
        } catch (IOException error) {
            return NOTHING;
        }
    }

    public void remove() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException error) {
            LOG.warn("cannot remove {}", path, error);
        }
    }
}
