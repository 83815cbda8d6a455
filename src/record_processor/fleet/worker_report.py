"""What a worker says about itself: an item in KCL's coordinator table, which KCL leaves alone.

The item is small, since each write costs a unit per kilobyte: compressed JSON, in which a shard takes some 60 bytes.
"""

from __future__ import annotations

import contextlib
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.delivery.blocks import Block, Skipped
from record_processor.fleet.model import ActionTotals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEY = "record-processor-worker-"
# What a worker of another version wrote may be of any shape, but not of any size.
_LARGEST_BYTES = 16 << 20


class ShardFigures(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What a worker knows of a shard that it reads. Times are seconds since the epoch."""

    stream_arn: str
    shard_id: str
    at: float
    """When its process said this."""
    done_up_to: str | None = None
    """The sequence number up to which everything is done, perhaps not saved yet; None: nothing yet."""
    oldest_at: float | None = None
    """When the oldest record that its process has and that is not done was created; None: it has none."""
    pending: int = 0
    records_per_second: float | None = None
    speed: float | None = None
    """How many seconds of the stream are done per second."""
    saved_at: float | None = None
    """When the checkpoint was last saved."""
    is_running: bool = True
    """Whether its process has said something in the last seconds."""
    is_moving: bool = False
    """Whether records were done in the last two seconds."""
    has_caught_up: bool = False
    """Whether KCL has found nothing new in the last seconds."""
    is_late: bool = False
    is_paused: bool = False
    restarts: int = 0
    blocks: list[Block] = []
    skipped: list[Skipped] = []
    """The last records that an operator skipped."""


class Reloaded(msgspec.Struct, frozen=True):
    """What became of an order to reload the actions."""

    number: int
    error: str | None = None
    """Why it was refused; None: it was not."""


class WorkerReport(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What a worker writes every few seconds."""

    worker_id: str
    at: float
    since: float
    version: str
    host: str
    interval_seconds: float
    """The longest time between two reports."""
    clock_ahead_seconds: float = 0.0
    """How far DynamoDB's clock is ahead of the worker's; all times here are by DynamoDB's."""
    reports_shards: bool = True
    """False: it runs a program of the user's per shard, which says nothing."""
    orders_version: int | None = None
    """The version of the orders that it follows (`orders_item.py`); None: it does not know them."""
    reloaded: Reloaded | None = None
    """The last order to reload that it has followed or refused."""
    cpu_cores: float | None = None
    memory_bytes: int | None = None
    shards: list[ShardFigures] = []
    actions: list[ActionTotals] = []

    @property
    def longest_silence_seconds(self) -> float:
        """After that without another report it says nothing."""
        return 3 * self.interval_seconds

    def is_current(self, now: float) -> bool:
        return now - self.at <= self.longest_silence_seconds


def item_of(report: WorkerReport) -> dict[str, Any]:
    """Return the item of the coordinator table."""
    return {**key_of(report.worker_id), "report": {"B": zlib.compress(msgspec.json.encode(report), 1)}}


def key_of(worker_id: str) -> dict[str, Any]:
    return {"key": {"S": f"{_KEY}{worker_id}"}}


def reports_in(items: Iterable[Mapping[str, Any]]) -> list[WorkerReport]:
    """Return the reports among the items of the coordinator table, without those that cannot be read."""
    found = []
    for item in items:
        if item.get("key", {}).get("S", "").startswith(_KEY):
            with contextlib.suppress(zlib.error, msgspec.DecodeError, KeyError, TypeError):
                content = zlib.decompressobj().decompress(item["report"]["B"], _LARGEST_BYTES)
                found.append(msgspec.json.decode(content, type=WorkerReport))
    return found
