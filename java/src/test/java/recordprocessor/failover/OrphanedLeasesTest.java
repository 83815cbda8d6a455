package recordprocessor.failover;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import recordprocessor.failover.OrphanedLeases.Seen;

class OrphanedLeasesTest {
    private static final long FAILOVER = 1_000;

    /** A lease table in memory, which takes time to answer, and in which things may happen meanwhile. */
    private final class Table implements OrphanedLeases.Table {
        final List<Seen> leases = new ArrayList<>(List.of(new Seen("a", "leader", 5), new Seen("b", "leader", 7)));
        final List<String> released = new ArrayList<>();
        long answerTakes = 0;
        Runnable beforeRelease = () -> {};

        @Override
        public List<Seen> ownedBy(String workerId) {
            List<Seen> found =
                    leases.stream().filter(lease -> lease.owner().equals(workerId)).toList();
            now += answerTakes;
            return found;
        }

        @Override
        public boolean release(Seen lease) {
            beforeRelease.run();
            boolean unchanged = leases.remove(lease);
            if (unchanged) {
                released.add(lease.leaseKey());
            }
            return unchanged;
        }

        void renew(String leaseKey) {
            leases.replaceAll(lease -> lease.leaseKey().equals(leaseKey)
                    ? new Seen(leaseKey, lease.owner(), lease.counter() + 1)
                    : lease);
        }
    }

    private long now = 50;
    private final Table table = new Table();
    private final OrphanedLeases orphans = new OrphanedLeases(table, FAILOVER, 2_000, () -> now);

    private int lookAt(long moment) {
        now = moment;
        return orphans.look("leader");
    }

    @Test
    void aLeaseWhoseCounterStoodStillForTheFailoverTimeIsGivenBack() {
        assertEquals(0, lookAt(100));
        assertEquals(0, lookAt(1_099));
        assertEquals(2, lookAt(1_100));
        assertEquals(List.of("a", "b"), table.released);
    }

    @Test
    void aLeaseThatIsRenewedIsLeftAlone() {
        lookAt(100);
        table.renew("a");
        assertEquals(1, lookAt(1_100));
        assertEquals(List.of("b"), table.released);
        assertEquals(0, lookAt(2_099));
        assertEquals(1, lookAt(2_100));
    }

    @Test
    void aRenewalBetweenTheLookAndTheWriteWins() {
        lookAt(100);
        table.beforeRelease = () -> table.renew("a");
        assertEquals(1, lookAt(1_100));
        assertEquals(List.of("b"), table.released);
    }

    @Test
    void aSlowAnswerCountsAgainstTheLookAndNotAgainstTheLease() {
        table.answerTakes = 600;
        lookAt(0); // seen at 600 at the earliest
        assertEquals(0, lookAt(1_599));
        assertEquals(2, lookAt(2_200));
    }

    @Test
    void whatStoodStillWhileTheTableWasAwayIsLeftAlone() {
        lookAt(100);
        assertEquals(0, lookAt(60_000));
        assertEquals(0, lookAt(60_999));
        assertEquals(2, lookAt(61_000));
    }

    @Test
    void whatWasSeenBeforeTheLeaderShowedALifeSignCountsNoMore() {
        lookAt(100);
        orphans.forget();
        assertEquals(0, lookAt(1_100));
        assertEquals(2, lookAt(2_100));
    }

    @Test
    void aLeaseThatSomebodyElseGotInBetweenIsForgotten() {
        lookAt(100);
        table.leases.remove(0);
        lookAt(600);
        table.leases.add(new Seen("a", "leader", 5));
        assertEquals(1, lookAt(1_100));
        assertEquals(List.of("b"), table.released);
    }
}
