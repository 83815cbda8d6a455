"""A rolling update as the deployment kits do it: SIGTERM, a new process, and the next host when that is ready."""

from __future__ import annotations

import contextlib
import http.client
from functools import partial
from typing import TYPE_CHECKING

from tests.cluster import metrics_observer
from tests.cluster.checker import waits
from tests.cluster.verdict import assert_right
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.cluster import Cluster, Machine
    from tests.cluster.writer import Writer

GRACE_SECONDS = 30.0
"""shutdownGraceMillis, after which a kit kills what has not stopped."""
LONGEST_LAG_SECONDS = 10.0


def is_ready(machine: Machine) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return metrics_observer.ask(machine, "/readyz")[0] == 200
    return False


def test_a_rolling_update_of_four_hosts_repeats_nothing_and_no_change_waits_ten_seconds(
    make: Callable[..., tuple[Cluster, Writer]], record_property: Callable[[str, object], None]
) -> None:
    cluster, writer = make(
        hosts=4,
        shards=16,
        writes_per_second=300,
        shutdownGraceMillis=str(int(GRACE_SECONDS * 1000)),
        **metrics_observer.PROPERTIES,
    )
    wait_for(cluster.is_at_rest, "the shards are shared out")
    for machine in cluster.machines:
        machine.ask_to_stop()
        assert machine.wait_for_stop(GRACE_SECONDS) == 0
        machine.start()
        wait_for(partial(is_ready, machine), f"{machine.name} is ready")
    assert_right(cluster, writer, duplicates=0)
    longest = max(waits(cluster.acts(), writer.written_ns))
    record_property("longest_lag_seconds", longest)
    assert longest <= LONGEST_LAG_SECONDS
