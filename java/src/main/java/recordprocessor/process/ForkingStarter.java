package recordprocessor.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;

/**
 * Starts shard processes by forking them from one that is warm; from a new one if that has ended or the actions were
 * replaced, and as programs of their own if none lives long enough.
 */
public final class ForkingStarter implements ProcessStarter {
    private static final Logger LOG = LoggerFactory.getLogger(ForkingStarter.class);
    private static final int MOST_ENDS = 3;
    private static final double SECOND_NANOS = 1e9;
    private static final long SOON_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final List<String> command;
    private final Path folder;
    private final ProcessStarter withoutForker;
    private final LongSupplier actions;

    private Forker forker;
    private int endsInARow;
    private long lastEndNanos;
    private boolean givenUp;
    private long goneNanos;
    private long actionsOfForker;

    /**
     * Starts the forker, which needs a moment until it is ready.
     *
     * @param command the forker's
     * @param folder for pipes; only this user can enter it
     * @param withoutForker what to do if there can be none
     * @param actions another number after the actions were replaced
     */
    public ForkingStarter(
            List<String> command, Path folder, ProcessStarter withoutForker, LongSupplier actions) {
        this.command = List.copyOf(command);
        this.folder = folder;
        this.withoutForker = withoutForker;
        this.actions = actions;
        this.actionsOfForker = actions.getAsLong();
        forker();
    }

    @Override
    public Process start(Map<String, String> environment) throws IOException {
        for (Forker current = forker(); current != null; current = forker()) {
            try {
                return current.fork(environment);
            } catch (ForkerEndedException error) {
                current.end();
            }
        }
        return withoutForker.start(environment);
    }

    @Override
    public synchronized boolean forks() {
        return !givenUp;
    }

    @Override
    public synchronized OptionalDouble goneSeconds() {
        return forker != null || givenUp
                ? OptionalDouble.empty()
                : OptionalDouble.of((System.nanoTime() - goneNanos) / SECOND_NANOS);
    }

    /** Returns one that lives, as far as is known; null if there can be none. */
    private synchronized Forker forker() {
        long now = actions.getAsLong();
        if (now != actionsOfForker) {
            actionsOfForker = now;
            if (forker != null) {
                forker.retire(); // what it has imported may be old; it stays the parent of those that live
            }
            forker = null;
            givenUp = false;
            endsInARow = 0;
        }
        if (forker == null && !givenUp) {
            try {
                forker = new Forker(command, folder, this::ended);
            } catch (IOException error) {
                giveUp(error.getMessage());
            }
        }
        return forker;
    }

    private synchronized void ended(Forker ended, int status, int processes) {
        if (ended != forker && processes == 0) {
            return; // it had retired
        }
        if (ended == forker) {
            forker = null;
            goneNanos = System.nanoTime();
        }
        if (status == Forker.UNFIT) {
            givenUp = true; // it has logged why
            return;
        }
        long now = System.nanoTime();
        endsInARow = endsInARow > 0 && now - lastEndNanos < SOON_NANOS ? endsInARow + 1 : 1;
        lastEndNanos = now;
        LOG.atWarn()
                .addMarker(MarkerFactory.getMarker("forker.ended"))
                .addKeyValue("status", status)
                .addKeyValue("pid", ended.pid())
                .log(
                        "the process that forks shard processes has ended; the {} that it had forked are ended and started again",
                        processes);
        if (endsInARow >= MOST_ENDS) {
            giveUp("it has ended " + endsInARow + " times in a row");
        }
    }

    private void giveUp(String why) {
        givenUp = true;
        LOG.atWarn()
                .addMarker(MarkerFactory.getMarker("forker.unavailable"))
                .log(
                        "shard processes cannot be forked ({}): each starts by itself, which takes longer and more memory",
                        why);
    }
}
