"""Items that change again each time an action has processed them, as in an endless loop that an action causes.

From outside, a loop and an item that others write all the time look alike, so everything found here is a suspicion.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from record_processor.logs.log_events import Log
from record_processor.records.change_record import MILLIS

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.delivery.low_water_mark import Ticket
    from record_processor.records.change_record import ChangeRecord

log = Log("worker.delivery")

TIMES = 10
"""An item must change this many times in a row after it was processed,"""
WITHIN_SECONDS = 60.0
"""within this time,"""
SOON_SECONDS = 3.0
"""and each time this soon after the action ended."""
INTERVAL_SECONDS = 600.0
"""An item is reported once in this time,"""
NAMED = 10
"""and at most this many items are."""
ITEMS = 8192
"""How many items are remembered, each in the slot that its hash selects; those that changed last stay longer."""
RATE = 500
"""Up to this many records per second are all examined. If more arrive, there are pauses,"""
SLICE = 100_000
"""and this many in a row are examined between two pauses: to be seen, a loop must be watched for some time."""
# DynamoDB gives the time of a change in whole seconds, rounded down.
_ROUNDING_SECONDS = 1.0
_REMEDY = "if an action causes them, end it with a filter on that action that lets none of its own changes through"


class _Item(msgspec.Struct, gc=False):
    """What happened to an item lately."""

    mark: int
    """The hash of its keys. Two items with the same hash count as one: rare, and it costs only a needless warning."""
    ticket: Ticket
    """The ticket of the change whose end is awaited: what is created after it counts."""
    since: float
    """When the first change in the row was created (seconds since the epoch)."""
    times: int = 0
    """How often it changed after it was processed."""
    changes: int = 1
    """How often it changed in all."""

    def begin(self, created: float) -> None:
        """Start a row with a change that was created then."""
        self.since, self.times, self.changes = created, 0, 1


class LoopWatch:
    """Examines records as they arrive from a shard, in one thread; other threads set the times of their tickets."""

    def __init__(self, actions_of: Callable[[ChangeRecord], list[str]]) -> None:
        """`actions_of` returns the names of the actions that receive a record."""
        self._actions_of = actions_of
        self._items: list[_Item | None] = [None] * ITEMS
        self._left = float(SLICE)
        """How many records may be examined before the next pause."""
        self._asked = 0.0
        self._pauses = False
        self._named: dict[int, float] = {}
        """When items were reported (monotonic)."""
        self._others: set[int] = set()
        """How many items were not reported because there were too many."""

    def from_millis(self, now: float, records: int) -> float:
        """Return the creation time from which on the next records are to be examined. `now`: seconds since the epoch.

        Older ones cannot belong to a quick loop: then the process is behind and works on a backlog.
        """
        self._left = min(SLICE, self._left + max(0.0, now - self._asked) * RATE)
        self._asked = now
        self._pauses = self._left < records or (self._pauses and self._left < SLICE)
        if self._pauses:
            return math.inf
        self._left -= records
        return (now - WITHIN_SECONDS) * MILLIS

    def saw(self, record: ChangeRecord, ticket: Ticket) -> None:
        """Take note of a record that goes to some action."""
        change = record.dynamodb
        mark = crc32(change.keys)
        item = self._items[mark % ITEMS]
        if item is None or item.mark != mark:
            self._meet(item, mark, ticket, change.created_at_millis / MILLIS)
            return
        item.changes += 1
        before = item.ticket
        if before.acted or not before.outstanding:
            self._judge(item, record, ticket)

    def _meet(self, known: _Item | None, mark: int, ticket: Ticket, created: float) -> None:
        """Put an item into a slot that is empty or holds another."""
        if known is None:
            self._items[mark % ITEMS] = _Item(mark, ticket, created)
        elif not known.times or created > known.since + WITHIN_SECONDS:
            known.mark, known.ticket = mark, ticket
            known.begin(created)

    def _judge(self, item: _Item, record: ChangeRecord, ticket: Ticket) -> None:
        """Note the end of the awaited change: whether this change came after it, and soon."""
        before, created = item.ticket, record.dynamodb.created_at_millis / MILLIS
        if before.acted and created + _ROUNDING_SECONDS < before.began:
            return  # it was already on its way
        item.ticket = ticket
        if created > before.acted + SOON_SECONDS or created > item.since + WITHIN_SECONDS:
            item.begin(created)
            return
        item.times += 1
        if item.times >= TIMES:
            if self._may_name(item.mark):
                self._say(item, record)
            item.begin(created)

    def _may_name(self, mark: int) -> bool:
        now = time.monotonic()
        self._named = {one: at for one, at in self._named.items() if now - at < INTERVAL_SECONDS}
        if mark in self._named:
            return False
        if len(self._named) >= NAMED:
            if len(self._others) < ITEMS:
                self._others.add(mark)
            return False
        self._named[mark] = now
        self._others.discard(mark)
        return True

    def _say(self, item: _Item, record: ChangeRecord) -> None:
        seconds = record.created_at_millis / MILLIS - item.since
        others, self._others = len(self._others), set()
        log.warning(
            "loop.suspected",
            f"an item changed {item.times} times in {seconds:.0f} s right after it was acted on, of {item.changes} "
            "changes in all: an action may be causing its own changes, or others write the item that often",
            actions=self._actions_of(record),
            keys=msgspec.Raw(record.raw_keys),
            event_id=record.event_id,
            sequence_number=record.sequence_number,
            times=item.times,
            changes=item.changes,
            seconds=round(seconds, 1),
            others=others,
            remedy=_REMEDY,
        )
