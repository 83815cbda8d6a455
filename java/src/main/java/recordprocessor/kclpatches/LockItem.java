package recordprocessor.kclpatches;

import java.util.HashMap;
import java.util.Map;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The item of the leader's lock as it was read; without attributes if nobody holds the lock.
 *
 * <p>Its version changes with each heartbeat of its owner.
 */
public record LockItem(Map<String, AttributeValue> attributes) {
    static final String OWNER = "ownerName";
    static final String WORKERS = "workers";
    private static final String LIFE = "leaseDuration";
    private static final long SHORTEST_LIFE_MILLIS = 50;
    private static final String VERSION = "recordVersionNumber";

    /** Returns who leads; empty for nobody. */
    public String owner() {
        return text(OWNER);
    }

    /** Returns what each heartbeat changes; empty for a lock that nobody holds. */
    public String version() {
        return text(VERSION);
    }

    /** Returns how many workers its owner knows; 0 if it has not said so, as an older one never does. */
    int workers() {
        AttributeValue number = attributes.get(WORKERS);
        return number == null || number.n() == null ? 0 : Integer.parseInt(number.n());
    }

    /**
     * Returns the attributes with the life that is left, of a version that was seen some time ago.
     *
     * <p>Never nothing: the lock client takes a fresh answer that is over for its own lock, and waits.
     */
    Map<String, AttributeValue> aged(long millis) {
        String life = text(LIFE);
        if (life.isEmpty()) {
            return attributes;
        }
        Map<String, AttributeValue> aged = new HashMap<>(attributes);
        long left = Math.max(SHORTEST_LIFE_MILLIS, Long.parseLong(life) - millis);
        aged.put(LIFE, AttributeValue.fromS(Long.toString(left)));
        return aged;
    }

    /** Returns whether a version that was first seen so long ago has outlived its life. */
    boolean isOver(long millis) {
        String life = text(LIFE);
        return !life.isEmpty() && millis >= Long.parseLong(life);
    }

    private String text(String name) {
        AttributeValue value = attributes.get(name);
        return value == null || value.s() == null ? "" : value.s();
    }
}
