"""A lease that is not renewed in time pauses its shard, is reported in time, and delays no other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.cluster.leases import shard_of
from tests.harness import Database, Worker, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]

FAILOVER_SECONDS = 3.0
# The promise is the failover time and two seconds; the rest is for a machine that is busy with everything at once.
BOUND_SECONDS = FAILOVER_SECONDS + 2.0 + 2.0
ACTIONS = "actions: [{name: audit, type: file, path: '{shard}.jsonl'}]"


def counter(database: Database, application: str, shard: str) -> int:
    return next(int(one["leaseCounter"]["N"]) for one in database.leases(application) if shard_of(one) == shard)


def test_one_throttled_lease_of_two_keeps_the_other_shard_from_nothing_and_is_told_in_time(
    database: Database, worker: StartWorker, busy: BusyStream, tmp_path: Path
) -> None:
    table = database.table()
    arn = busy.show(table, 2)
    throttled, other = (shard["ShardId"] for shard in busy.command("shards", arn=arn))
    running = worker(table, actions=ACTIONS, kinesisEndpoint=busy.endpoint, dynamoDBEndpoint=busy.endpoint)
    running.wait_for_event("shard.started", 2)

    def written(shard: str) -> int:
        path = tmp_path / f"{shard}.jsonl"
        return len(path.read_text().splitlines()) if path.exists() else 0

    database.put_many(table, [f"before-{number}" for number in range(40)])
    wait_for(lambda: written(throttled) + written(other) == 40, "both shards are read")
    assert not running.of("lease.late")

    busy.command("fault", kind="throughput", operation="UpdateItem", place=throttled, lasting=120)
    begun, renewed = time.monotonic(), counter(database, running.application, other)
    late = running.wait_for_event("lease.late", seconds=BOUND_SECONDS)
    assert [event["shards"] for event in late] == [[throttled]]
    done = written(other)
    database.put_many(table, [f"meanwhile-{number}" for number in range(40)])
    wait_for(lambda: written(other) > done, "the other shard goes on", seconds=3)
    wait_for(lambda: counter(database, running.application, other) >= renewed + 6, "it is renewed", seconds=10)
    assert time.monotonic() - begun < 20
    assert running.of("lease.late") == late
    busy.command("mend")
    assert running.wait_for_event("lease.renewed", seconds=20)[0]["shards"] == [throttled]

    busy.command("fault", kind="throughput", operation="UpdateItem", lasting=120)
    wait_for(
        lambda: {shard for event in running.of("lease.late")[1:] for shard in event["shards"]} == {throttled, other},
        "both are late",
        seconds=BOUND_SECONDS,
    )
    busy.command("mend")
    wait_for(lambda: written(throttled) + written(other) == 80, "all is done, once")
    assert not running.of("lease.lost")
    assert running.stop() == 0
