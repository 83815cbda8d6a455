"""What each `pollingProfile` costs, and how late changes are: `python -m bench.polling`.

One shard with a change now and then: the time from each write until the action has it (median and 99th percentile), and
calls of GetRecords per hour, counted by a server in front of the local database; the same without changes.
"""

from __future__ import annotations

import random
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from record_processor.config.choices import PollingProfile
from record_processor.local.ministack import LOOPBACK, started
from tests.busy_stream.client import BusyStream
from tests.harness import Database, Worker, wait_for
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGES = 60
_LONGEST_PAUSE_SECONDS = 4.0
_IDLE_SECONDS = 60.0
_HANDLER = (
    "import time\n"
    "def handle(event, context):\n"
    "    with open('seen', 'a') as file:\n"
    "        for record in event['Records']:\n"
    "            file.write(f\"{time.time() - float(record['dynamodb']['NewImage']['at']['N'])}\\n\")\n"
)
_ACTIONS = "actions: [{name: late, type: python, handler: 'late:handle'}]"


def measure(database: Database, profile: PollingProfile) -> str:
    """Return a line of figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "late.py").write_text(_HANDLER)
        front = BusyStream(database, folder)
        table = database.table()
        front.show(table, 1)
        properties = {"kinesisEndpoint": front.endpoint, "idleTimeBetweenReadsInMillis": str(profile.idle_millis)}
        worker = Worker(folder, database, f"poll-{uuid.uuid4().hex[:8]}", (table,), _ACTIONS, properties)
        try:
            worker.wait_for_event("shard.started")
            idle = _calls_per_hour(front, lambda: time.sleep(_IDLE_SECONDS))
            busy = _calls_per_hour(front, lambda: _change(database, table))
            wait_for(lambda: len(_seen(folder)) >= CHANGES, "all changes arrive")
            seconds = _seen(folder)
        finally:
            worker.end()
            front.end()
    return (
        f"{profile.value:12} {profile.idle_millis:5} ms  median {median(seconds):5.2f} s"
        f"  99 % {quantiles(seconds, n=100)[98]:5.2f} s"
        f"  GetRecords per hour: {idle:6.0f} idle, {busy:6.0f} with changes"
    )


def _calls_per_hour(front: BusyStream, work: Callable[[], None]) -> float:
    before, begun = _reads(front), time.monotonic()
    work()
    return (_reads(front) - before) / (time.monotonic() - begun) * 3600


def _reads(front: BusyStream) -> int:
    counted: dict[str, int] = front.command("counted")
    return sum(count for call, count in counted.items() if call.startswith("GetRecords"))


def _change(database: Database, table: str) -> None:
    for number in range(CHANGES):
        database.put(table, str(number), at={"N": str(time.time())})
        time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311 - not in step with the reads


def _seen(folder: Path) -> list[float]:
    path = folder / "seen"
    return [float(line) for line in path.read_text().split()] if path.exists() else []


def main() -> None:
    with started(port := free_port()):
        database = Database(f"http://{LOOPBACK}:{port}")
        for profile in PollingProfile:
            print(measure(database, profile), flush=True)


if __name__ == "__main__":
    main()
