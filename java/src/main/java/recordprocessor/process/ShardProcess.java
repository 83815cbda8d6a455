package recordprocessor.process;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;

/**
 * A shard process as KCL sees it, and its only owner: its pipes, its end, and what it leaves behind.
 *
 * <p>KCL learns of a death from the end of the pipes, which a descendant can keep open for as long as it lives. Here
 * the exit itself counts: it ends what is left of the process's group, and then the streams, whoever still has them
 * open.
 */
public final class ShardProcess extends Process {
    private static final Logger LOG = LoggerFactory.getLogger(ShardProcess.class);
    // After its input is closed: our own code ends at once, but a user's thread or exit hook may not.
    private static final long FAREWELL_MILLIS = 5000;

    private final Process process;
    private final TrialsFile trials;
    private final PumpedInput output = new PumpedInput();
    private final Pump outputPump;
    private final Pump logPump;
    private final CompletableFuture<ProcessEnd> ended;

    private ShardProcess(Process process, TrialsFile trials, Stragglers stragglers, String marker) {
        this.process = process;
        this.trials = trials;
        this.outputPump = Pump.bytes(process.getInputStream(), output, "output of " + process.pid());
        this.logPump = Pump.lines(process.getErrorStream(), "log of " + process.pid());
        Stragglers.Family family = stragglers.begun(process.pid(), marker);
        this.ended = process.onExit().thenApply(exited -> {
            stragglers.ended(family);
            return finish(family.gone());
        });
    }

    /** @param environment what it is told in addition to what all shard processes inherit */
    public static ShardProcess start(
            ProcessStarter starter, Map<String, String> environment, TrialsFile trials, Stragglers stragglers)
            throws IOException {
        String marker = UUID.randomUUID().toString();
        Map<String, String> all = new HashMap<>(environment);
        all.put(Stragglers.MARKER, marker);
        trials.clearStatus();
        return new ShardProcess(starter.start(all), trials, stragglers, marker);
    }

    /** Completes once it has exited, what it wrote is passed on and, after an abnormal end, nothing of it is left. */
    public CompletableFuture<ProcessEnd> ended() {
        return ended;
    }

    private ProcessEnd finish(CompletableFuture<Void> stragglersGone) {
        ProcessEnd end = ProcessEnd.of(process.exitValue(), trials.confirmedStatus());
        if (end.isRestarted()) {
            // What it left must not act beside the next process. If the shard leaves this worker, nothing waits for it.
            stragglersGone.completeOnTimeout(null, FAREWELL_MILLIS, TimeUnit.MILLISECONDS).join();
        }
        outputPump.finish();
        output.end();
        logPump.finish();
        return end;
    }

    /** Its standard input; closing it asks the process to end, and it is ended if it does not. */
    @Override
    public OutputStream getOutputStream() {
        return new FilterOutputStream(process.getOutputStream()) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
            }

            @Override
            public void close() throws IOException {
                later(FAREWELL_MILLIS).execute(ShardProcess.this::endIfItLivesOn);
                super.close();
            }
        };
    }

    private void endIfItLivesOn() {
        if (process.isAlive()) {
            LOG.atWarn()
                    .addMarker(MarkerFactory.getMarker("shard.process_ended"))
                    .addKeyValue("reason", "lived_on")
                    .addKeyValue("pid", pid())
                    .log("a shard process was still running {} ms after its input had ended; it was killed", FAREWELL_MILLIS);
            process.destroyForcibly();
        }
    }

    private static Executor later(long millis) {
        return CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS);
    }

    @Override
    public InputStream getInputStream() {
        return output;
    }

    /** Empty: {@link Pump} passes on what the process logs. */
    @Override
    public InputStream getErrorStream() {
        return InputStream.nullInputStream();
    }

    @Override
    public int waitFor() throws InterruptedException {
        return process.waitFor();
    }

    @Override
    public int exitValue() {
        return process.exitValue();
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void destroy() {
        process.destroyForcibly();
    }

    @Override
    public long pid() {
        return process.pid();
    }
}
