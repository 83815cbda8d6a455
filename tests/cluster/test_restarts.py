"""Hosts that are restarted, and shared parts that disappear: the cluster recovers by itself, and nothing is lost."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.clock import moment_ns
from tests.cluster.verdict import assert_right, settle
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.cluster import Cluster
    from tests.cluster.writer import Writer

    Make = Callable[..., tuple[Cluster, Writer]]

HANDOFF_SECONDS = 5.0
# For a machine that is busy with everything at once.
NOISE_SECONDS = 3.0


def seconds_without(cluster: Cluster, shard: str, host: str, since_ns: int) -> float:
    """From then until another host begins on the shard; infinite while none has."""
    begun = (act.begun_ns for act in cluster.acts() if act.shard == shard and act.host != host)
    return min((moment - since_ns for moment in begun if moment > since_ns), default=float("inf")) / 1e9


def test_a_rolling_restart_under_load_hands_every_shard_over_within_seconds_and_repeats_nothing(make: Make) -> None:
    cluster, writer = make(hosts=3, shards=12, writes_per_second=200)
    for machine in cluster.machines:
        wait_for(cluster.is_at_rest, "the shards are shared out")
        mine = cluster.shards_of(machine)
        assert mine
        asked_ns = moment_ns()
        machine.ask_to_stop()
        taken = {shard: seconds_without(cluster, shard, machine.name, asked_ns) for shard in mine}

        def all_taken(taken: dict[str, float] = taken, gone: str = machine.name, since: int = asked_ns) -> bool:
            taken.update((shard, seconds_without(cluster, shard, gone, since)) for shard in taken)
            return max(taken.values()) < float("inf")

        wait_for(all_taken, "others go on with all of its shards")
        assert max(taken.values()) <= HANDOFF_SECONDS + NOISE_SECONDS, taken
        assert machine.wait_for_stop() == 0
        machine.start()
    wait_for(cluster.is_at_rest, "the shards are shared out again")
    assert_right(cluster, writer, duplicates=0)


def test_every_host_is_killed_and_started_again(make: Make) -> None:
    cluster, writer = make(hosts=3, shards=12, writes_per_second=200)
    for machine in cluster.machines:
        machine.kill()
    for machine in cluster.machines:
        machine.start()
    assert_right(cluster, writer)


def test_a_database_that_stands_still_for_a_minute_or_is_restarted_costs_nothing_but_a_pause(make: Make) -> None:
    cluster, writer = make(hosts=2, shards=8, writes_per_second=100)
    wait_for(cluster.is_reading, "the shards are shared out and read")
    started = cluster.events("shard.started")
    cluster.local.pause()
    time.sleep(
        35
    )  # longer than any call waits for an answer, and seven times as long as a lease lives without a renewal
    cluster.local.resume()
    wait_for(lambda: cluster.events("lease.renewed") >= 2, "both hosts go on")
    assert cluster.events("shard.started") == started, "a shard began anew"
    cluster.local.end()
    time.sleep(10)  # twice as long as a lease lives without a renewal
    cluster.local.start()
    settle(cluster, writer)
    assert cluster.events("shard.started") == started, "a shard began anew"
    assert_right(cluster, writer, duplicates=0)


@pytest.mark.parametrize("how", [{"kind": "slow", "seconds": 2.0}, {"kind": "throughput", "share": 0.8}])
def test_a_lease_table_that_is_slow_or_throttled_takes_no_lease_from_a_worker_that_nobody_else_wants(
    make: Make, how: dict[str, object]
) -> None:
    cluster, writer = make(hosts=1, shards=24, writes_per_second=100, failoverTimeMillis="10000")
    cluster.worker_tables.command("fault", operation="*", lasting=60, **how)
    time.sleep(40)  # four times as long as a lease lives without a renewal
    cluster.worker_tables.command("mend")
    settle(cluster, writer)
    assert cluster.events("shard.started") == 24, "a shard began anew"
    assert_right(cluster, writer, duplicates=0)


@pytest.mark.parametrize("hours", [-1, 25])
def test_a_clock_that_jumps_neither_takes_leases_nor_keeps_them_from_a_host(make: Make, hours: int) -> None:
    cluster, writer = make(hosts=2, shards=8, writes_per_second=100, clocks=True)
    wait_for(cluster.is_reading, "the shards are shared out and read")
    started = cluster.events("shard.started")
    leader = next(machine for machine in cluster.machines if machine.name == cluster.leader())
    (other,) = [machine for machine in cluster.machines if machine is not leader]
    leader.clock.jump(hours * 3600)
    time.sleep(10)  # the leader looks at the workers every second, and balances every four
    assert cluster.events("shard.started") == started, "a lease moved"
    other.kill()
    other.start()
    wait_for(lambda: cluster.is_even(cluster.machines), "the leader gives leases to a host with another clock")
    leader.kill()
    wait_for(lambda: cluster.leader() == other.name, "the other leads")
    leader.start()
    wait_for(lambda: cluster.is_even(cluster.machines), "a host with a jumped clock gets leases")
    assert_right(cluster, writer)


def test_leases_that_were_on_their_way_when_every_host_was_killed_are_read_again(make: Make) -> None:
    cluster, writer = make(hosts=3, shards=12, writes_per_second=200)
    wait_for(cluster.is_at_rest, "the shards are shared out")
    leader = cluster.leader()
    giver, other = (machine.name for machine in cluster.machines if machine.name != leader)
    for machine in cluster.machines:
        machine.kill()
    # To the leader, which has most of its leases by then, so that a kill seldom meets that; to another; and to nobody.
    takers = itertools.cycle([leader, other, None])
    for lease in cluster.database.leases(cluster.application):
        if lease["leaseOwner"]["S"] == giver:
            on_its_way(cluster, lease, next(takers))
    for machine in cluster.machines:
        machine.start()
    assert_right(cluster, writer)


def on_its_way(cluster: Cluster, lease: dict[str, Any], taker: str | None) -> None:
    """Write a lease as the leader's assignment does that hands it over."""
    owners = "SET leaseOwner = :taker, checkpointOwner = leaseOwner"
    values: dict[str, Any] = {"ExpressionAttributeValues": {":taker": {"S": taker}}}
    if taker is None:
        owners, values = "SET checkpointOwner = leaseOwner REMOVE leaseOwner", {}
    cluster.database.client.update_item(
        TableName=cluster.application, Key={"leaseKey": lease["leaseKey"]}, UpdateExpression=owners, **values
    )
