package recordprocessor.startup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The directory with the files that the Python parent wrote for this JVM, secrets among them, and with those of its shards.
 *
 * <p>The parent removes it. Where the parent was killed, nobody is left to do that but this JVM.
 */
public final class RunDirectory {
    /** What its name begins with; run_directory_lock.py has it too. */
    static final String PREFIX = "record-processor-";

    // By this file the next start tells a directory that nobody uses.
    private static final String LOCK = "lock";

    private final Path path;
    private final OptionalLong parent = parentId();

    /** @param path to be made while the parent lives: it is known by its process id from then on */
    public RunDirectory(Path path) {
        this.path = path;
    }

    /** To be called once nothing needs the files any more. Does nothing while the parent lives. */
    public void removeIfOrphaned() {
        // Whoever is adopted has another parent, also where the old one's id was given to somebody else.
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
            // What is in a directory comes after it, and has to go first.
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
