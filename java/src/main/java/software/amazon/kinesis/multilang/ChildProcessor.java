package software.amazon.kinesis.multilang;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import software.amazon.kinesis.multilang.config.MultiLangDaemonConfiguration;

/**
 * KCL's processor of one shard, which talks to a child process, with a milder end.
 *
 * <p>Stock KCL exits the JVM when a child dies, and with it every other shard of the host; worse, it does so from the
 * very thread that its graceful shutdown then waits for. Here a dead child costs its shard alone.
 */
final class ChildProcessor extends MultiLangShardRecordProcessor {
    // worker/processor.py has the other end of this number.
    private static final int EXIT_LEASE_LOST = 3;

    private volatile Process process;
    private volatile IOException startError;
    private volatile boolean failed;

    ChildProcessor(
            ProcessBuilder command, ExecutorService executor, ObjectMapper json, MultiLangDaemonConfiguration kcl) {
        super(command, executor, json, kcl);
    }

    /** Whether the child went because its fence said that the lease is lost: a normal outcome. */
    boolean gaveUpLease() {
        return process != null && !process.isAlive() && process.exitValue() == EXIT_LEASE_LOST;
    }

    /** What became of the child, for the log. */
    String end() {
        if (process == null) {
            return "did not start: " + startError;
        }
        return process.isAlive() ? "broke the protocol" : "ended with status " + process.exitValue();
    }

    /** Whether the child died or broke the protocol: nothing may be sent to it any more. */
    boolean failed() {
        return failed;
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
            process = super.startProcess();
            return process;
        } catch (IOException error) {
            startError = error;
            throw error;
        }
    }

    /** Called by KCL where it would end the JVM. */
    @Override
    void exit() {
        failed = true;
        kill();
    }
}
