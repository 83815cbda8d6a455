package recordprocessor.startup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The directory with the files that the Python parent wrote for this JVM, including secrets, and with those of its
 * shards.
 *
 * <p>The parent removes it. If the parent was killed, only this JVM is left to do that.
 */
public final class RunDirectory {
    /** The beginning of its name; run_directory_lock.py has it too. */
    static final String PREFIX = "record-processor-";

    // By this file the next start recognizes a directory that nobody uses.
    private static final String LOCK = "lock";

    private final Path path;
    private final OptionalLong parent = parentId();

    /** @param path create this object while the parent lives: from then on the parent is known by its process id */
    public RunDirectory(Path path) {
        this.path = path;
    }

    /** Call this once nothing needs the files anymore. Does nothing while the parent lives. */
    public void removeIfOrphaned() {
        // An adopted process has another parent, even if the old parent's id was given to another process.
        if (!parentId().equals(parent)) {
            remove();
        }
    }

    void remove() {
        if (!path.getFileName().toString().startsWith(PREFIX)) {
            return;
        }
        Path lock = path.resolve(LOCK);
        try (Stream<Path> walk = Files.walk(path)) {
            // The content of a directory follows it, and must be removed first.
            List<Path> found = walk.sorted(Comparator.reverseOrder()).toList();
            for (Path file : found) {
                if (!file.equals(path) && !file.equals(lock)) {
                    Files.deleteIfExists(file);
                }
            }
            Files.deleteIfExists(lock);
            Files.deleteIfExists(path);
        } catch (IOException | RuntimeException error) {
            // This JVM ends, and its log has no reader; the next start finds what is left.
        }
    }

    private static OptionalLong parentId() {
        return ProcessHandle.current().parent().stream().mapToLong(ProcessHandle::pid).findFirst();
    }
}
