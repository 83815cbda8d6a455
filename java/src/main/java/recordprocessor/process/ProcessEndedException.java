package recordprocessor.process;

/** Tells KCL that a shard's end was not reached because its process ended. That end has its own event already. */
public final class ProcessEndedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ProcessEndedException(String leaseKey) {
        super("the process of shard " + leaseKey + " has ended");
    }
}
