package recordprocessor.process;

import java.util.Arrays;
import java.util.Map;

/**
 * How a shard's process ended.
 *
 * @param status the exit status, 128 + N where signal N ended it; -1 where it could not be started
 * @param detail what there is to say beyond that; may be empty
 */
public record ProcessEnd(Reason reason, int status, String detail) {
    /** Why; each but the last two is an exit status that only our own code confirms (system/process_end.py). */
    public enum Reason {
        ORDERLY("orderly", 0, Policy.LEAVE, "ended in order"),
        LEASE_LOST("lease_lost", 80, Policy.LEAVE, "gave up a lost lease"),
        STOPPED("stopped", 81, Policy.LEAVE, "ended because of a stop"),
        CALL_TIMEOUT("call_timeout", 82, Policy.WARN, "ended because a call of a handler passed its timeout"),
        DEFECT("defect", 83, Policy.ERROR, "ended because the record processor itself failed"),
        ACTIONS("actions", 84, Policy.ERROR, "ended because the actions cannot be built any more, or one could not start"),
        RELOAD("reload", 85, Policy.WARN, "ended because a source file was saved"),
        KILLED("killed", -1, Policy.WARN, "was ended by a signal or by the code in it"),
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
        /** The shard begins again here, with a warning. */
        WARN,
        /** The shard begins again here, with an error. */
        ERROR
    }

    private static final int SIGNALS = 128;
    private static final int LAST_SIGNAL = 64;
    private static final Map<Integer, String> SIGNAL_NAMES = Map.of(
            4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV", 15, "SIGTERM");

    /** A status is believed where the process confirmed it; a user's code can exit with any. */
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

    /** It was ended, and does not go. */
    public static ProcessEnd unknown() {
        return new ProcessEnd(Reason.KILLED, -1, "it does not go");
    }

    /** An orderly end that nobody asked for: the code in it closed shop, or it no longer spoke the protocol. */
    public ProcessEnd unasked() {
        return reason == Reason.ORDERLY ? new ProcessEnd(Reason.KILLED, status, "nobody asked it to") : this;
    }

    public boolean isRestarted() {
        return reason.policy != Policy.LEAVE;
    }

    public boolean isError() {
        return reason.policy == Policy.ERROR;
    }

    /** The signal's name, or its number; empty where none ended it. */
    public String signal() {
        int number = status - SIGNALS;
        return number > 0 && number <= LAST_SIGNAL ? SIGNAL_NAMES.getOrDefault(number, String.valueOf(number)) : "";
    }

    public String inWords() {
        String how = signal().isEmpty() ? "status " + status : signal();
        String hint = signal().equals("SIGKILL") ? "; where nobody sent it: out of memory?" : "";
        String more = detail.isEmpty() ? "" : ", " + detail;
        return reason.inWords + " (" + (status < 0 ? detail : how + more + hint) + ")";
    }
}
