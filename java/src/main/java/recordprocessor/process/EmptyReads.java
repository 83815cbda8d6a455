package recordprocessor.process;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Which reads that found nothing a shard process is told of.
 *
 * <p>A process with something to do may save a checkpoint then. Most have nothing to do most of the time, and each
 * message would wake them: they are told now and then, which shows that they still answer, and when the actions were
 * replaced, upon which they end.
 */
public final class EmptyReads {
    static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final LongSupplier actions;
    private boolean wasTold;
    private long toldNanos;
    private long actionsThen;

    /** @param actions another number after the actions were replaced */
    public EmptyReads(LongSupplier actions) {
        this.actions = actions;
    }

    /** @param isIdle whether the process says that it has nothing to do */
    public boolean isDue(boolean isIdle, long nowNanos) {
        return !isIdle || !wasTold || nowNanos - toldNanos >= LONGEST_NANOS || actions.getAsLong() != actionsThen;
    }

    /** The process is told of a read now, whatever it found. */
    public void told(long nowNanos) {
        wasTold = true;
        toldNanos = nowNanos;
        actionsThen = actions.getAsLong();
    }
}
