"""A host that leads is cut off from the network, in the middle of its work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.harness import Database, Worker, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.hosts import Network

FAILOVER_SECONDS = 5.0
# The promise is the failover time and five seconds; the rest is for a machine that is busy with everything at once.
BOUND_SECONDS = FAILOVER_SECONDS + 5.0 + 3.0

# Notes when each call began. While `down` is there, it fails: then the host is in the middle of a retry when it is cut.
SHOP = """
import pathlib, time
def handle(event, context):
    names = [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
    with open("begun", "a") as file:
        file.write(f"{time.monotonic_ns()}\\n")
    if pathlib.Path("down").exists():
        raise RuntimeError("sink is down")
    with open("handled", "a") as file:
        file.write("".join(name + "\\n" for name in names))
"""


def host_folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    return folder


def handled(folder: Path) -> list[str]:
    path = folder / "handled"
    return path.read_text().split() if path.exists() else []


def begun(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "begun").read_text().split()]


def test_its_shards_go_on_elsewhere_and_it_begins_nothing_after_its_leases_ran_out(
    network: Network, shared_database: Database, tmp_path: Path
) -> None:
    tables = tuple(shared_database.table() for _ in range(4))
    actions = "actions: [{name: shop, type: python, handler: 'shop:handle'}]"
    more = {"failoverTimeMillis": str(int(FAILOVER_SECONDS * 1000))}
    folders = [host_folder(tmp_path, name) for name in ("one", "two")]
    application = "cluster"
    limited = {**more, "workerId": "one", "maxLeasesForWorker": "2"}
    workers = [
        Worker(folders[0], shared_database, application, tables, actions, limited, network.hosts[0].prefix),
    ]
    try:
        wait_for(lambda: shared_database.leader(application) == "one", "the first host leads")
        (folders[0] / "down").touch()
        workers.append(
            Worker(
                folders[1],
                shared_database,
                application,
                tables,
                actions,
                {**more, "workerId": "two"},
                network.hosts[1].prefix,
            )
        )

        def owners() -> list[str]:
            return sorted(lease.get("leaseOwner", {}).get("S", "") for lease in shared_database.leases(application))

        wait_for(lambda: owners() == ["one", "one", "two", "two"], "each has two shards")
        for table in tables:
            shared_database.put(table, f"{table}-before")
        workers[0].wait_for_event("delivery.blocked", 4)
        network.hosts[0].cut_off()
        cut_at = time.monotonic()
        wait_for(lambda: len(handled(folders[1])) == 4, "the other host has done all of it")
        took = time.monotonic() - cut_at
        network.hosts[0].join()
        for table in tables:
            shared_database.put(table, f"{table}-after")
        (folders[0] / "down").unlink()
        wait_for(lambda: len(handled(folders[0]) + handled(folders[1])) >= 8, "both go on")
        late = [moment for moment in begun(folders[0]) if cut_at + FAILOVER_SECONDS < moment / 1e9 < cut_at + took]
        assert late == [], "the host that was cut off began something without a lease"
        assert took <= BOUND_SECONDS, f"{took:.1f} s"
        everything = sorted(f"{table}-{when}" for table in tables for when in ("after", "before"))
        assert sorted(handled(folders[0]) + handled(folders[1])) == everything
        assert [worker.stop() for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.end()
