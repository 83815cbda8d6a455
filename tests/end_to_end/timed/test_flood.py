"""Whoever asks for metrics or the console's pages, however often or slowly, slows no shard."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.end_to_end.console_scene import Console
from tests.harness import Database, Worker, wait_for
from tests.servers.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.busy_stream.client import BusyStream

    StartWorker = Callable[..., Worker]

ROOT = Path(__file__).parents[3]
SHARDS = 4
# A read every 200 ms, and two cores for the flood, the database and everything else.
BOUND_SECONDS = 3.0
FLOODED_SECONDS = 8.0
ACTIONS = "actions: [{name: shop, type: python, handler: 'shop:handle'}]"
NOTES = """
import time
def handle(event, context):
    with open("handled", "a") as file:
        for record in event["Records"]:
            file.write(f"{record['dynamodb']['Keys']['id']['S']} {time.monotonic()}\\n")
"""


def test_a_thousand_requests_a_second_and_connections_that_hang_delay_no_record(
    database: Database,
    worker: StartWorker,
    busy: BusyStream,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    (tmp_path / "shop.py").write_text(NOTES)
    table, port = database.table(), free_port()
    busy.show(table, SHARDS)
    running = worker(table, actions=ACTIONS, kinesisEndpoint=busy.endpoint, metricsPort=str(port))
    running.wait_for_event("shard.started", SHARDS)
    console = Console(running)
    try:
        calm = longest_wait(database, table, tmp_path, "calm", 3.0)
        floods = [flood(f"{LOOPBACK}:{port}/metrics"), flood(f"{LOOPBACK}:{console.port}/api/state")]
        flooded = longest_wait(database, table, tmp_path, "flooded", FLOODED_SECONDS)
        sent = [ended(one) for one in floods]
    finally:
        console.end()
    record_property("longest_wait_seconds", {"calm": calm, "flooded": flooded, "requests": sent})
    assert min(sent) > 300 * FLOODED_SECONDS, f"this machine sends {sent} requests"
    assert flooded <= BOUND_SECONDS, f"{calm=:.2f}"
    assert running.of("shard.process_ended") == running.of("lease.late") == []


def longest_wait(database: Database, table: str, folder: Path, name: str, seconds: float) -> float:
    """Write items for so long; return the longest time from a write to the call with it."""
    written: dict[str, float] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        item = f"{name}-{len(written)}"
        written[item] = time.monotonic()
        database.put(table, item)
        time.sleep(0.02)
    wait_for(lambda: written.keys() <= handled(folder).keys(), "all are handled")
    times = handled(folder)
    return max(times[item] - since for item, since in written.items())


def handled(folder: Path) -> dict[str, float]:
    path = folder / "handled"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return {item: float(moment) for item, moment in map(str.split, lines)}


def flood(address: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.cluster.flood", address]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> int:
    """End a flood; return how many requests it sent."""
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    return int(json.loads(said)["sent"])
