"""Shards are shared out evenly, whatever their traffic, soon after a host joins or leaves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.cluster.verdict import assert_right
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.cluster import Cluster
    from tests.cluster.writer import Writer

# A start, two or three rounds of the leader's balancing of 4 s each, and a busy machine.
BOUND_SECONDS = 60.0


def test_32_shards_are_even_over_4_hosts_after_one_leaves_and_after_it_joins_again(
    make: Callable[..., tuple[Cluster, Writer]], record_property: Callable[[str, object], None]
) -> None:
    cluster, writer = make(hosts=4, shards=32, writes_per_second=200)
    wait_for(lambda: cluster.is_at_rest(cluster.machines), "the shards are shared out")
    first, *others = cluster.machines
    left = time.monotonic()
    first.ask_to_stop()
    wait_for(lambda: cluster.is_even(others), "the others have its shards, evenly", BOUND_SECONDS)
    record_property("seconds_after_leaving", time.monotonic() - left)
    assert first.wait_for_stop() == 0
    joined = time.monotonic()
    first.start()
    wait_for(lambda: cluster.is_even(cluster.machines), "it has its share again", BOUND_SECONDS)
    record_property("seconds_after_joining", time.monotonic() - joined)
    wait_for(lambda: cluster.is_at_rest(cluster.machines), "nothing is being handed over any more", BOUND_SECONDS)
    owners = cluster.owners()
    time.sleep(15)  # three rounds of balancing, with nothing to do
    assert cluster.owners() == owners, "leases move though they are even"
    assert_right(cluster, writer)
