"""The checker finds what must not happen, and lets pass what may."""

from __future__ import annotations

import pytest

from record_processor.delivery.orders import Scope
from tests.cluster import checker
from tests.cluster.acts import Act
from tests.cluster.checker import Fault, Seen
from tests.cluster.cluster import FAILOVER_SECONDS
from tests.cluster.figures import takeovers
from tests.cluster.steering import FOLLOWED_SECONDS, NOISE_SECONDS, Cut, Held, begun_while_paused

SECOND = 1_000_000_000


def act(second: float, counter: int, *, pid: int = 1, host: str = "one", shard: str = "s", item: str = "a") -> Act:
    return Act(int(second * SECOND), host, pid, shard, item, counter)


def test_what_was_written_and_not_done_is_lost() -> None:
    assert checker.lost({"a": 3, "b": 1}, [("a", 1), ("a", 3), ("a", 3)]) == [("a", 2), ("b", 1)]


def test_a_child_in_order_and_a_new_child_that_goes_back_to_a_checkpoint_are_right() -> None:
    acts = [act(1, 1), act(2, 2), act(3, 3), act(4, 2, pid=2), act(5, 3, pid=2), act(6, 4, pid=2)]
    assert checker.turned(acts) == []


@pytest.mark.parametrize(
    "acts",
    [
        pytest.param([act(1, 1), act(2, 3)], id="a child that leaves one out"),
        pytest.param([act(1, 1), act(2, 2), act(3, 2)], id="a child that does one twice"),
        pytest.param([act(1, 1), act(2, 2), act(3, 1)], id="a child that goes back"),
        pytest.param([act(1, 1), act(2, 3, pid=2)], id="a new child that begins behind what nobody has done"),
        pytest.param([act(1, 1), act(2, 3, pid=2, shard="child"), act(3, 2)], id="a child shard before its parent"),
    ],
)
def test_an_item_out_of_order_is_found(acts: list[Act]) -> None:
    assert len(checker.turned(acts)) == 1


def test_a_file_may_break_off_where_a_child_begins_and_nowhere_else() -> None:
    changes = [("a", 1), ("a", 2), ("a", 2), ("a", 3)]
    assert checker.turned_in_file(changes, children=2) == []
    assert len(checker.turned_in_file(changes, children=1)) == 1


def test_two_children_of_a_shard_at_the_same_time_are_found() -> None:
    one_after_another = [act(1, 1), act(2, 2), act(3, 3, host="two", pid=2)]
    assert checker.overlapping(one_after_another) == []
    assert len(checker.overlapping([*one_after_another, act(4, 3)])) == 1
    elsewhere = [act(1, 1), act(2, 1, pid=2, shard="other", item="b"), act(3, 2)]
    assert checker.overlapping(elsewhere) == []


def seen(second: float, owner: str, counter: int) -> Seen:
    return Seen(int(second * SECOND), int((second + 0.1) * SECOND), owner, counter)


def test_an_act_after_the_lease_ran_out_is_found() -> None:
    leases = {"s": [seen(0, "one", 1), seen(1, "one", 2), *(seen(second, "one", 2) for second in range(2, 20))]}
    assert checker.late([act(5.9, 1)], leases, failover_seconds=5) == []
    assert len(checker.late([act(6.2, 1)], leases, failover_seconds=5)) == 1


def test_an_act_before_a_renewal_that_is_seen_only_later_is_right() -> None:
    leases = {"s": [seen(0, "one", 1), seen(1, "one", 1), seen(9, "one", 2)]}
    assert checker.late([act(8.5, 1)], leases, failover_seconds=5) == []


def test_duplicates_and_waits_are_put_down_to_the_fault_in_their_middle() -> None:
    acts = [act(1, 1), act(21, 1, pid=2), act(22, 2, pid=2)]
    faults = [Fault("cut", 10 * SECOND), Fault("slow", 20 * SECOND)]
    tolls = checker.tolls(acts, {"a": [SECOND // 2, 9 * SECOND]}, faults)
    assert tolls == {"no fault": (1, 0, 0.5), "cut": (1, 1, 13.0), "slow": (1, 0, 0.0)}


def test_a_standstill_is_the_time_between_two_acts_of_a_shard() -> None:
    acts = [act(1, 1), act(2, 1, shard="t"), act(5, 2), act(6, 3)]
    assert checker.longest_standstills(acts) == {"s": 4.0}


PAUSED_AT = 10.0
FOLLOWED = PAUSED_AT + FOLLOWED_SECONDS + NOISE_SECONDS + 0.1


def held(scope: Scope = Scope()) -> Held:  # noqa: B008
    return Held(scope, "T", int(PAUSED_AT * SECOND), 60 * SECOND)


def cut(begun: float, ended: float) -> Cut:
    return Cut("one", int(begun * SECOND), int(ended * SECOND))


def test_a_call_that_begins_two_seconds_after_a_pause_is_found_and_no_other() -> None:
    assert begun_while_paused([act(1, 1), act(PAUSED_AT + 1.9, 2), act(61, 3)], held()) == []
    late = [act(FOLLOWED, 1)]
    assert len(begun_while_paused(late, held())) == 1
    for scope in (Scope(table="T"), Scope(action="witness"), Scope("T", "s"), Scope("T", "s", "witness")):
        assert len(begun_while_paused(late, held(scope))) == 1
    for scope in (Scope(table="U"), Scope(action="audit"), Scope("T", "t"), Scope("T", "t", "witness")):
        assert begun_while_paused(late, held(scope)) == []


@pytest.mark.parametrize(
    ("begun", "away", "is_found"),
    [
        pytest.param(FOLLOWED, (9.0, 30.0), False, id="it is cut off and has its leases"),
        pytest.param(9.0 + FAILOVER_SECONDS + 0.5, (9.0, 30.0), True, id="its leases have run out"),
        pytest.param(31.0, (9.0, 30.0), True, id="it was away for longer than they live"),
        pytest.param(FOLLOWED + 0.5, (9.0, 12.0), False, id="it was away for a moment and has just come back"),
        pytest.param(15.0, (9.0, 12.0), True, id="it has been back for long"),
        pytest.param(FOLLOWED, (10.5, 30.0), True, id="it knew of the pause"),
    ],
)
def test_a_host_that_is_cut_off_before_a_pause_may_go_on_until_its_leases_run_out(
    begun: float, away: tuple[float, float], is_found: bool
) -> None:
    assert bool(begun_while_paused([act(begun, 1)], held(), [cut(*away)])) == is_found
    assert begun_while_paused([act(begun, 1, host="two")], held(), [cut(*away)])


def test_a_takeover_lasts_from_the_hosts_end_to_another_process_on_each_of_its_shards() -> None:
    acts = [
        act(1, 1),
        act(1, 1, shard="t", host="two"),
        act(11, 2, pid=2, host="two"),
        act(12, 2, shard="t", host="two"),
    ]
    acts += [act(21, 3, pid=2, host="two")]
    assert takeovers(acts, [Fault("kill -9", 4 * SECOND, "one")]) == [7.0]
    assert takeovers(acts, [Fault("clock jump", 4 * SECOND, "one")]) == []
    # Another process only after the next fault: this one was none that took the shard from its host.
    assert takeovers(acts, [Fault("cable cut", 4 * SECOND, "one"), Fault("SIGTERM", 5 * SECOND, "two")]) == []
