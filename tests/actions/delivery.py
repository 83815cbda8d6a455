"""An action under the real delivery engine, given the records of a shard."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from record_processor.catalog.build import build_actions
from record_processor.delivery.shard_delivery import ShardDelivery
from record_processor.records.stream import Shard
from tests.builders import STREAM, LeaseMemory, protocol_record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from record_processor.delivery.call_spans import CallTracer
    from record_processor.records.raw_record import RawRecord

_PATIENCE_SECONDS = 30

SHARD = Shard("shardId-1", STREAM)


class Delivery:
    """One action of one shard, whose dead letters go to a file."""

    def __init__(self, folder: Path, item: dict[str, Any], tracer: CallTracer | None = None) -> None:
        self._letters = folder / "dead.jsonl"
        letters = {"dead_letter": {"type": "file", "path": str(self._letters)}}
        # A grace of nothing, since a test that ends wants nothing more from it.
        self.actions = build_actions([{**letters, **item}])
        self.memory = LeaseMemory(folder / "lease")
        self.delivery = ShardDelivery(self.actions, self.memory.lease(), grace_seconds=0, tracer=tracer)
        self.delivery.open(SHARD)

    def submit(self, records: Iterable[RawRecord]) -> None:
        self.delivery.submit(list(records))

    def finish(self) -> None:
        """Return when everything is done and durable; raise LeaseLostError if that takes too long."""
        patience = threading.Timer(_PATIENCE_SECONDS, self.memory.lose)
        patience.start()
        try:
            self.delivery.finish()
            self.delivery.make_durable()
        finally:
            patience.cancel()

    def letters(self) -> list[dict[str, Any]]:
        if not self._letters.exists():
            return []
        return [json.loads(line) for line in self._letters.read_text().splitlines()]

    def close(self) -> None:
        self.delivery.close()
        for action in self.actions:
            action.close()


def changes(items: int, times: int, start: int = 1) -> list[RawRecord]:
    """Return changes of each item in turn: `n` of an item counts from `start`."""
    return [change(f"item-{item}", number) for number in range(start, start + times) for item in range(items)]


def change(item: str, number: int, **more: Any) -> RawRecord:
    keys = {"id": {"S": item}}
    # As long as DynamoDB's, and in the order in which the changes are made.
    sequence = f"{number:08}{int(item.rpartition('-')[2]):06}"
    image = {**keys, "n": {"N": str(number)}, **more}
    return protocol_record(f"4000{sequence}", Keys=keys, NewImage=image, eventID=f"{item}-{number}", eventName="MODIFY")
