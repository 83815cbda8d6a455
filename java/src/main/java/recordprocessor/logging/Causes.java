package recordprocessor.logging;

/** What went wrong, in one line: KCL and the SDK wrap a cause several times, and its own message is what helps. */
public final class Causes {
    private Causes() {}

    /** Returns the type and the first line of the innermost cause. */
    public static String of(Throwable error) {
        Throwable cause = innermost(error);
        String message = cause.getMessage();
        String type = cause.getClass().getSimpleName();
        return message == null || message.isBlank() ? type : type + ": " + message.strip().lines().findFirst().get();
    }

    public static Throwable innermost(Throwable error) {
        Throwable cause = error;
        while (cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        return cause;
    }
}
