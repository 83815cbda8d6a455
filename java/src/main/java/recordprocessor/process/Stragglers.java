package recordprocessor.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what a shard process leaves behind when it ends: programs that a handler started, and forks of the process.
 *
 * <p>They are recognized by their process group, which is the shard process's own or, if they left that, by a marker in
 * their environment, which they inherited. One scan of /proc serves all the processes that have ended since the last
 * one, so that 64 shards that stop together cost a few scans and not 64.
 */
public final class Stragglers {
    /** The variable that contains the marker. */
    public static final String MARKER = "RP_PROCESS";

    /** How long each marker is. */
    static final int MARKER_LENGTH = 36;

    private static final Logger LOG = LoggerFactory.getLogger(Stragglers.class);
    private static final Path PROC = Path.of("/proc");
    private static final String ASSIGNMENT = MARKER + "=";
    // A straggler may fork while it is being ended; one that does it faster than we scan must not keep us forever.
    private static final int LOOKS = 5;
    // The pause between two rounds: processes that end one after another share the next round.
    private static final long PAUSE_MILLIS = 100;

    /** A shard process and everything that it started; {@code gone} completes when nothing is left. */
    record Family(long group, String marker, CompletableFuture<Void> gone) {}

    private final Set<Family> families = ConcurrentHashMap.newKeySet();
    private final BlockingQueue<Family> ended = new LinkedBlockingQueue<>();

    public Stragglers() {
        Thread thread = new Thread(this::work, "stragglers");
        thread.setDaemon(true);
        thread.start();
    }

    Family begun(long processId, String marker) {
        Family family = new Family(processId, marker, new CompletableFuture<>());
        families.add(family);
        return family;
    }

    /** The process has ended: what is left of it must end too. */
    void ended(Family family) {
        ended.add(family);
    }

    /** Runs at the end of this JVM: nothing of any shard process may be left, and nobody comes after us. */
    public void endEverything() {
        endAll(List.copyOf(families));
    }

    private void work() {
        try {
            while (true) {
                List<Family> some = new ArrayList<>(List.of(ended.take()));
                ended.drainTo(some);
                endAll(some);
                some.forEach(this::forget);
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    private void forget(Family family) {
        families.remove(family);
        family.gone().complete(null);
    }

    private static void endAll(List<Family> some) {
        try {
            for (int look = 0; look < LOOKS && endSome(some); look++) {
                // Until a scan finds none.
            }
        } catch (IOException | RuntimeException error) {
            LOG.warn("cannot look for what shard processes left behind", error);
        }
    }

    /** Scans once; returns whether it found any. */
    private static boolean endSome(List<Family> some) throws IOException {
        Set<Long> groups = some.stream().map(Family::group).collect(Collectors.toSet());
        Set<String> markers = some.stream().map(Family::marker).collect(Collectors.toSet());
        boolean found = false;
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
            for (Path process : processes) {
                if (belongs(process, groups, markers)) {
                    ProcessHandle.of(Long.parseLong(process.getFileName().toString()))
                            .ifPresent(ProcessHandle::destroyForcibly);
                    found = true;
                }
            }
        }
        return found;
    }

    private static boolean belongs(Path process, Set<Long> groups, Set<String> markers) {
        try {
            // The state, the parent, the group: what follows the command's name, which may contain anything.
            String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 4);
            boolean isDead = fields[0].equals("Z") || fields[0].equals("X");
            return !isDead && (groups.contains(Long.valueOf(fields[2])) || markers.contains(marker(process)));
        } catch (IOException | RuntimeException error) {
            return false; // gone meanwhile, or another user's
        }
    }

    private static String marker(Path process) throws IOException {
        String environment = Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
        int start = environment.indexOf(ASSIGNMENT);
        int end = environment.indexOf('\0', Math.max(start, 0));
        return start < 0 || end < 0 ? "" : environment.substring(start + ASSIGNMENT.length(), end);
    }
}
