"""Changes of items at a steady rate, each item with its own counter."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.cluster.clock import moment_ns
from tests.harness import REGION

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = 25
MARK = "marked-"
# After a fault of the database the writer is behind, and catches up this many times as fast.
_CATCH_UP = 2.0
_ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=5)


class Writer(threading.Thread):
    """Runs until it is ended; what the database did not accept is written again until it does.

    A batch whose answer was lost may have been written. DynamoDB makes no stream record of a put that changes nothing,
    so each counter is in the stream once.
    """

    def __init__(self, endpoint: str, table: str, items: Sequence[str], writes_per_second: float) -> None:
        super().__init__(name="writer", daemon=True)
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
        self._client: Any = session.client("dynamodb", endpoint_url=endpoint, config=_ONCE)
        self._table = table
        self._items = items
        self._pause_seconds = BATCH / writes_per_second
        self._end_asked = threading.Event()
        self.written_ns: dict[str, list[int]] = {item: [] for item in items}
        """By item: when its counters 1, 2, ... were taken, by the clock of `moment_ns`."""
        self.marked: list[str] = []
        """Items that were written by `write_marked`."""

    @property
    def writes(self) -> int:
        return sum(len(times) for times in self.written_ns.values())

    def counters(self) -> dict[str, int]:
        """By item: the highest counter that was taken."""
        return {item: len(times) for item, times in self.written_ns.items()}

    def run(self) -> None:
        due, position = time.monotonic(), 0
        while not self._end_asked.is_set():
            batch = [self._items[(position + one) % len(self._items)] for one in range(BATCH)]
            position += BATCH
            self._write(batch)
            due += self._pause_seconds
            earliest = self._pause_seconds / _CATCH_UP
            time.sleep(max(due - time.monotonic(), 0 if due > time.monotonic() else earliest / 2))

    def write_marked(self) -> str:
        """Write an item of its own, which `witness.refuse` refuses; return its id."""
        item = f"{MARK}{len(self.marked)}"
        self.written_ns = {**self.written_ns, item: []}  # others may be reading the old one
        self._write([item])
        self.marked.append(item)
        return item

    def end(self) -> None:
        self._end_asked.set()
        self.join(120)

    def _write(self, batch: Sequence[str]) -> None:
        left = [self._put(item) for item in batch]
        while left:
            try:
                answer = self._client.batch_write_item(RequestItems={self._table: left})
            except (BotoCoreError, ClientError):
                time.sleep(0.2)
            else:
                left = answer.get("UnprocessedItems", {}).get(self._table, [])
        now = moment_ns()
        for item in batch:
            self.written_ns[item].append(now)

    def _put(self, item: str) -> dict[str, Any]:
        counter = len(self.written_ns[item]) + 1
        return {"PutRequest": {"Item": {"id": {"S": item}, "n": {"N": str(counter)}, "text": {"S": "x" * 100}}}}
