package recordprocessor.process;

import java.io.IOException;

/** There is no forker, or no longer: a new one may do what this one did not. */
final class ForkerEndedException extends IOException {
    private static final long serialVersionUID = 1L;

    ForkerEndedException(String how) {
        super("the process that forks shard processes has ended: " + how);
    }
}
