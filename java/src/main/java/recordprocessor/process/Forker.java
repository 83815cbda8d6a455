package recordprocessor.process;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * The process that has imported what shard processes need, and forks them. The Python side, {@code shard/forker.py} and
 * {@code forker_messages.py}, has the protocol.
 */
final class Forker {
    /** Its exit status when it cannot fork, and another one could not either; it has logged why. */
    static final int UNFIT = 86;

    // As if signal 9 had ended it: so it is for whoever waits for a process whose parent can no longer tell.
    private static final int UNKNOWN_STATUS = 137;
    // Users' modules are imported before the first fork, if they ask for it.
    private static final long WARM_MILLIS = 60_000;
    private static final AtomicLong NUMBERS = new AtomicLong();
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final Process process;
    private final Map<Long, CompletableFuture<Long>> starting = new ConcurrentHashMap<>();
    private final Map<Long, CompletableFuture<Integer>> running = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private volatile boolean retired;

    /**
     * @param folder for pipes; only this user can enter it
     * @param onEnd called in a thread of its own, after everything that was forked is treated as ended, with the exit
     *     status and the number of processes that were running
     */
    Forker(List<String> command, Path folder, EndListener onEnd) throws IOException {
        this.folder = folder;
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        // The place for the marker of each process; its length is all that counts.
        builder.environment().put(Stragglers.MARKER, "0".repeat(Stragglers.MARKER_LENGTH));
        process = builder.start();
        Thread thread = new Thread(() -> listen(onEnd), "forker");
        thread.setDaemon(true);
        thread.start();
    }

    /** What happens at the end of a forker. */
    interface EndListener {
        void ended(Forker forker, int status, int processes);
    }

    long pid() {
        return process.pid();
    }

    /** Ends it, if it has not ended, and returns when the listener knows. */
    void end() {
        process.destroyForcibly();
        over.join();
    }

    /** Has it end as soon as all that it forked has ended; call {@link #fork} no more. */
    void retire() {
        retired = true;
        endIfUnused();
    }

    private void endIfUnused() {
        if (!retired || !running.isEmpty()) {
            return;
        }
        try {
            synchronized (this) {
                process.getOutputStream().close();
            }
        } catch (IOException error) {
            // It has ended.
        }
    }

    /**
     * Forks a process; waits until the forker is ready.
     *
     * @throws ForkerEndedException there is no forker anymore
     * @throws IOException the process could not be forked
     */
    Process fork(Map<String, String> environment) throws IOException {
        long number = NUMBERS.incrementAndGet();
        Path pipes = folder.resolve("process-" + number);
        CompletableFuture<Long> started = new CompletableFuture<>();
        CompletableFuture<Integer> status = new CompletableFuture<>();
        starting.put(number, started);
        running.put(number, status);
        try {
            say(Map.of("do", "start", "id", number, "pipes", pipes.toString(), "environment", environment));
            ForkedProcess forked = new ForkedProcess(answer(started), pipes, () -> kill(number), status);
            say(Map.of("do", "opened", "id", number));
            return forked;
        } catch (IOException error) {
            kill(number); // it may run, with pipes that nobody opened
            running.remove(number);
            throw error;
        } finally {
            starting.remove(number);
        }
    }

    private long answer(CompletableFuture<Long> started) throws IOException {
        try {
            return started.get(WARM_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException error) {
            throw new ForkerEndedException("it has not answered for " + WARM_MILLIS + " ms");
        } catch (ExecutionException error) {
            throw error.getCause() instanceof IOException known ? known : new IOException(error.getCause());
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted");
        }
    }

    private void kill(long number) {
        try {
            say(Map.of("do", "kill", "id", number));
        } catch (IOException error) {
            // It has ended, and so its processes are ended too.
        }
    }

    private void say(Map<String, Object> request) throws IOException {
        byte[] line = (json(request) + "\n").getBytes(StandardCharsets.UTF_8);
        OutputStream input = process.getOutputStream();
        try {
            synchronized (this) {
                input.write(line);
                input.flush();
            }
        } catch (IOException error) {
            throw new ForkerEndedException(error.getMessage());
        }
    }

    private static String json(Map<String, Object> request) {
        try {
            return JSON.writeValueAsString(request);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException(error);
        }
    }

    private void listen(EndListener onEnd) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                take(JSON.readTree(line));
            }
        } catch (IOException error) {
            // The same as its end.
        }
        process.destroyForcibly(); // should it live on: it can no longer tell anything
        int status = process.onExit().join().exitValue();
        List<CompletableFuture<Integer>> left = List.copyOf(running.values());
        onEnd.ended(this, status, left.size());
        over.complete(null);
        starting.values().forEach(one -> one.completeExceptionally(new ForkerEndedException("exit status " + status)));
        left.forEach(one -> one.complete(UNKNOWN_STATUS));
    }

    private void take(JsonNode answer) {
        long number = answer.get("id").asLong();
        switch (answer.get("is").asText()) {
            case "started" -> with(starting.get(number), one -> one.complete(answer.get("pid").asLong()));
            case "failed" -> with(
                    starting.get(number),
                    one -> one.completeExceptionally(new IOException(answer.get("why").asText())));
            // In a thread of its own: what follows an end may take a while, and others end meanwhile.
            case "exited" -> {
                with(running.remove(number), one -> one.completeAsync(() -> answer.get("status").asInt()));
                endIfUnused();
            }
            default -> throw new IllegalStateException("unknown answer of the forker: " + answer);
        }
    }

    private static <T> void with(T value, Consumer<T> action) {
        if (value != null) {
            action.accept(value);
        }
    }
}
