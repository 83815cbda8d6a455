package recordprocessor.process;

import java.util.Arrays;
import java.util.Map;

/**
 * How a shard process ended.
 *
 * @param status the exit status, 128 + N if signal N ended it; -1 if it could not be started
 * @param detail what else there is to say; may be empty
 */
public record ProcessEnd(Reason reason, int status, String detail) {
    /**
     * The reason; each except the last two is an exit status that only our own code confirms (system/process_end.py).
     */
    public enum Reason {
        ORDERLY("orderly", 0, Policy.LEAVE, "ended in order"),
        LEASE_LOST("lease_lost", 80, Policy.LEAVE, "gave up a lost lease"),
        STOPPED("stopped", 81, Policy.LEAVE, "ended because of a stop"),
        CALL_TIMEOUT("call_timeout", 82, Policy.WARN, "ended because a handler's call exceeded its timeout"),
        DEFECT("defect", 83, Policy.ERROR, "ended because the record processor itself failed"),
        ACTIONS("actions", 84, Policy.ERROR, "ended because the actions can no longer be built, or one could not start"),
        RELOAD("reload", 85, Policy.WARN, "ended because the actions were replaced, or a source file was saved"),
        KILLED("killed", -1, Policy.WARN, "was ended by a signal or by user code"),
        NONE("none", -1, Policy.LEAVE, "has not ended yet");

        private final String text;
        private final int status;
        private final Policy policy;
        private final String inWords;

        Reason(String text, int status, Policy policy, String inWords) {
            this.text = text;
            this.status = status;
            this.policy = policy;
            this.inWords = inWords;
        }

        /** As {@code RP_LAST_END} and the log have it. */
        public String text() {
            return text;
        }
    }

    private enum Policy {
        /** The shard leaves this worker. */
        LEAVE,
        /** The shard restarts here, with a warning. */
        WARN,
        /** The shard restarts here, with an error. */
        ERROR
    }

    private static final int SIGNALS = 128;
    private static final int LAST_SIGNAL = 64;
    private static final Map<Integer, String> SIGNAL_NAMES = Map.of(
            4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV", 15, "SIGTERM");

    /** A status is believed if the process confirmed it; user code can exit with any. */
    static ProcessEnd of(int status, int confirmed) {
        Reason reason = Arrays.stream(Reason.values())
                .filter(one -> one.status == status && status == confirmed)
                .findFirst()
                .orElse(Reason.KILLED);
        return new ProcessEnd(reason, status, "");
    }

    public static ProcessEnd notStarted(Exception error) {
        return new ProcessEnd(Reason.DEFECT, -1, "it could not be started: " + error.getMessage());
    }

    /** It was to end, and did not. */
    public static ProcessEnd unknown() {
        return new ProcessEnd(Reason.KILLED, -1, "it does not end");
    }

    /** An orderly end that nobody asked for: its own code ended it, or it no longer spoke the protocol. */
    public ProcessEnd unasked() {
        return reason == Reason.ORDERLY ? new ProcessEnd(Reason.KILLED, status, "nobody asked it to end") : this;
    }

    public boolean isRestarted() {
        return reason.policy != Policy.LEAVE;
    }

    public boolean isError() {
        return reason.policy == Policy.ERROR;
    }

    /** Returns the signal's name, or its number; empty if no signal ended it. */
    public String signal() {
        int number = status - SIGNALS;
        return number > 0 && number <= LAST_SIGNAL ? SIGNAL_NAMES.getOrDefault(number, String.valueOf(number)) : "";
    }

    public String inWords() {
        String how = signal().isEmpty() ? "status " + status : signal();
        String hint = signal().equals("SIGKILL") ? "; if nobody sent it: out of memory?" : "";
        String more = detail.isEmpty() ? "" : ", " + detail;
        return reason.inWords + " (" + (status < 0 ? detail : how + more + hint) + ")";
    }
}
