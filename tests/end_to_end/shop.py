"""A handler of the user's own code, and an outage of what it calls."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.busy_stream.client import BusyStream
    from tests.harness import Database, Worker

TO_SHOP = "actions: [{name: shop, type: python, handler: 'shop:handle'}]"
FAILS_WHILE_DOWN = """
import pathlib
def handle(event, context):
    if pathlib.Path("down").exists():
        raise RuntimeError("the sink is down")
"""


class Outage(NamedTuple):
    """A shard whose first record is blocked until `mend` is called."""

    worker: Worker
    table: str
    arn: str
    """Of the stream."""
    written_at: float
    """When the record was (seconds since the epoch)."""
    sequence_number: str

    def mend(self) -> None:
        (self.worker.folder / "down").unlink()


def outage(
    database: Database,
    start: Callable[..., Worker],
    busy: BusyStream,
    folder: Path,
    *,
    actions: str = TO_SHOP,
    handler: str = FAILS_WHILE_DOWN,
    item: str = "a",
    **properties: str,
) -> Outage:
    """Start a worker with one shard, and wait until it is blocked."""
    (folder / "shop.py").write_text(handler)
    (folder / "down").touch()
    table = database.table()
    arn = busy.show(table, 1)
    worker = start(table, actions=actions, kinesisEndpoint=busy.endpoint, **properties)
    worker.wait_for_event("shard.started")
    written_at = time.time()
    database.put(table, item)
    (blocked, *_) = worker.wait_for_event("delivery.blocked")
    return Outage(worker, table, arn, written_at, blocked["sequence_number"])
