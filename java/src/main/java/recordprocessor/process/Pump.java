package recordprocessor.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Passes on what a process writes, in its own thread: nothing can interrupt the read of a pipe that a descendant of the
 * process keeps open, so it must not block anybody.
 */
final class Pump {
    private static final int PIECE_BYTES = 8192;
    // Most lines are shorter; there is such a buffer for each shard.
    private static final int LINE_CHARACTERS = 512;
    // After the exit everything written is in the pipe, and the thread needs a moment to pass it on.
    private static final long LAST_MILLIS = 1000;

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private final Thread thread;

    private Pump(InputStream source, String name, Work work) {
        thread = new Thread(() -> run(source, work), name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Passes bytes on as they arrive. */
    static Pump bytes(InputStream source, PumpedInput target, String name) {
        return new Pump(source, name, () -> {
            byte[] piece = new byte[PIECE_BYTES];
            for (int count = source.read(piece); count >= 0; count = source.read(piece)) {
                target.bring(Arrays.copyOf(piece, count));
            }
        });
    }

    /** Passes lines of the log to this JVM's standard error as they are: each is already an event. */
    static Pump lines(InputStream source, String name) {
        return new Pump(source, name, () -> {
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(source, StandardCharsets.UTF_8), LINE_CHARACTERS);
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.err.println(line);
            }
        });
    }

    private static void run(InputStream source, Work work) {
        try (source) {
            work.run();
        } catch (IOException | InterruptedException error) {
            // The pipe broke, or nobody wants more of it: the same as its end.
        }
    }

    /** Waits until everything is passed on, but not for long: whoever keeps the pipe open may never close it. */
    void finish() {
        try {
            thread.join(LAST_MILLIS);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }
}
