package software.amazon.kinesis.multilang;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import recordprocessor.process.ProcessEnd;
import recordprocessor.process.ShardProcess;
import software.amazon.kinesis.multilang.config.MultiLangDaemonConfiguration;

/**
 * KCL's processor of one shard, which talks to the shard process, with a milder end.
 *
 * <p>Stock KCL exits the JVM when a shard process dies, and with it every other shard of the host; worse, it does so
 * from the very thread that its graceful shutdown then waits for. Here a dead shard process affects only its shard.
 */
final class PipedRecordProcessor extends MultiLangShardRecordProcessor {
    /** Starts the shard process. */
    interface Start {
        ShardProcess start() throws IOException;
    }

    private static final long END_MILLIS = 10_000;

    private final Start start;
    private final Consumer<ProcessEnd> onEnd;

    private volatile ShardProcess process;
    private volatile boolean failed;

    /** @param onEnd called once with how the process ended, in any thread; also if it could not be started */
    PipedRecordProcessor(
            Start start,
            Consumer<ProcessEnd> onEnd,
            ExecutorService executor,
            ObjectMapper json,
            MessageWriter writer,
            MultiLangDaemonConfiguration kcl) {
        super(null, executor, json, writer, new MessageReader(), new DrainChildSTDERRTask(), kcl);
        this.start = start;
        this.onEnd = onEnd;
    }

    /** Whether the process died or broke the protocol: nothing may be sent to it anymore. */
    boolean failed() {
        return failed;
    }

    /** Waits for the process if it is about to end, as after KCL's goodbye. */
    ProcessEnd end() {
        try {
            return process.ended().get(END_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            return ProcessEnd.unknown();
        } catch (ExecutionException | TimeoutException error) {
            return ProcessEnd.unknown();
        }
    }

    boolean lives() {
        return process != null && process.isAlive();
    }

    void kill() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    @Override
    Process startProcess() throws IOException {
        try {
            process = start.start();
        } catch (IOException error) {
            onEnd.accept(ProcessEnd.notStarted(error));
            throw error;
        }
        process.ended().thenAccept(onEnd);
        return process;
    }

    /** KCL calls this where it would end the JVM. */
    @Override
    void exit() {
        failed = true;
        kill();
    }
}
