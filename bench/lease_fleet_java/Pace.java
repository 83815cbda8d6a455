package recordprocessor.kclpatches;

import java.util.Map;
import java.util.function.LongSupplier;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Our pace of looking for new leases, which is package-private. */
public final class Pace {
    private final DiscoveryPace pace;

    public Pace(long kclsMillis, long assignmentIntervalMillis, LongSupplier clock) {
        this.pace = new DiscoveryPace(kclsMillis, assignmentIntervalMillis, clock);
    }

    public void reported(String note) {
        pace.reported(note);
    }

    public boolean isDue() {
        return pace.isDue();
    }

    public static void tellWorkers(LockView view, int workers) {
        view.tellWorkers(workers);
    }

    public static Map<String, AttributeValue> item(LockView view) {
        return view.item(view.lookToAcquire());
    }

    public static boolean watches(String workerId, String leader, int workers) {
        return WatchLot.draws(workerId, leader, workers);
    }
}
