package recordprocessor.process;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A process that was forked by the {@link Forker}. It is not our child: its streams are named pipes, and its end is told
 * by the forker.
 */
final class ForkedProcess extends Process {
    private final long pid;
    private final Runnable kill;
    private final CompletableFuture<Integer> status;
    private final FileOutputStream input;
    private final InputStream output;
    private final InputStream error;

    /**
     * Opens the pipes. The forker has both ends of each open, so this waits for nobody.
     *
     * @param pipes the beginning of the pipes' paths
     * @param status completes with the exit status as a shell has it
     */
    ForkedProcess(long pid, Path pipes, Runnable kill, CompletableFuture<Integer> status) throws IOException {
        this.pid = pid;
        this.kill = kill;
        this.status = status;
        this.input = new FileOutputStream(pipes + ".in");
        this.output = new FileInputStream(pipes + ".out");
        this.error = new FileInputStream(pipes + ".err");
        status.thenRun(this::closeInput);
    }

    private void closeInput() {
        try {
            input.close();
        } catch (IOException error) {
            // Nobody reads it anymore.
        }
    }

    @Override
    public OutputStream getOutputStream() {
        return input;
    }

    @Override
    public InputStream getInputStream() {
        return output;
    }

    @Override
    public InputStream getErrorStream() {
        return error;
    }

    @Override
    public int waitFor() throws InterruptedException {
        try {
            return status.get();
        } catch (ExecutionException error) {
            throw new IllegalStateException(error.getCause());
        }
    }

    @Override
    public boolean waitFor(long timeout, TimeUnit unit) throws InterruptedException {
        try {
            status.get(timeout, unit);
            return true;
        } catch (ExecutionException error) {
            throw new IllegalStateException(error.getCause());
        } catch (TimeoutException error) {
            return false;
        }
    }

    @Override
    public int exitValue() {
        Integer known = status.getNow(null);
        if (known == null) {
            throw new IllegalThreadStateException("process " + pid + " has not exited");
        }
        return known;
    }

    @Override
    public boolean isAlive() {
        return !status.isDone();
    }

    @Override
    public CompletableFuture<Process> onExit() {
        return status.thenApply(known -> this);
    }

    /** Ends it at once, as {@link #destroyForcibly} does. */
    @Override
    public void destroy() {
        kill.run();
    }

    @Override
    public long pid() {
        return pid;
    }
}
