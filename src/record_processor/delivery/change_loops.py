"""Items that change again whenever they were acted on, as an action does that causes its own changes, without an end.

From outside, a loop and an item that others write all the time look alike. So all that is found is a suspicion.
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
"""So often in a row an item has to change after it was acted on,"""
WITHIN_SECONDS = 60.0
"""in so long,"""
SOON_SECONDS = 3.0
"""and each time so soon after the action's end."""
INTERVAL_SECONDS = 600.0
"""An item is named once in this time,"""
NAMED = 10
"""and no more than so many items."""
ITEMS = 8192
"""So many are remembered, each in the one place that its mark has. Those that changed after an act stay for a while."""
RATE = 500
"""So many records a second are looked at without a pause. Where more come, there are pauses,"""
SLICE = 100_000
"""and so many are looked at in a row between two of them: to be seen, a loop has to be watched for some time."""
# DynamoDB gives the time of a change in whole seconds, rounded down.
_ROUNDING_SECONDS = 1.0
_REMEDY = "if an action causes them, end it with a filter on that action that lets none of its own changes through"


class _Item(msgspec.Struct, gc=False):
    """What an item went through lately."""

    mark: int
    """Of its keys: two items that share one are taken for one, which is rare and costs no more than a word too many."""
    ticket: Ticket
    """Of the change whose end is waited for: what is created after it counts."""
    since: float
    """When the first change of the row was created (seconds since the epoch)."""
    times: int = 0
    """How often it changed after it was acted on."""
    changes: int = 1
    """How often it changed in all."""

    def begin(self, created: float) -> None:
        """A row begins with a change that was created then."""
        self.since, self.times, self.changes = created, 0, 1


class LoopWatch:
    """Looks at records as they come from a shard, in one thread; others set the times of their tickets."""

    def __init__(self, actions_of: Callable[[ChangeRecord], list[str]]) -> None:
        """`actions_of` names the actions that a record goes to."""
        self._actions_of = actions_of
        self._items: list[_Item | None] = [None] * ITEMS
        self._left = float(SLICE)
        """How many records may be looked at before the next pause."""
        self._asked = 0.0
        self._pauses = False
        self._named: dict[int, float] = {}
        """When items were named (monotonic)."""
        self._others: set[int] = set()
        """Those that were not, since there were too many."""

    def from_millis(self, now: float, records: int) -> float:
        """Records that come now (seconds since the epoch), so many, are to be looked at where they are newer than this.

        Older ones cannot belong to a quick loop: the process is behind, and works at what piled up.
        """
        self._left = min(SLICE, self._left + max(0.0, now - self._asked) * RATE)
        self._asked = now
        self._pauses = self._left < records or (self._pauses and self._left < SLICE)
        if self._pauses:
            return math.inf
        self._left -= records
        return (now - WITHIN_SECONDS) * MILLIS

    def saw(self, record: ChangeRecord, ticket: Ticket) -> None:
        """A record has come that some action is to act on."""
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
        """An item comes into a place where none is, or another."""
        if known is None:
            self._items[mark % ITEMS] = _Item(mark, ticket, created)
        elif not known.times or created > known.since + WITHIN_SECONDS:
            known.mark, known.ticket = mark, ticket
            known.begin(created)

    def _judge(self, item: _Item, record: ChangeRecord, ticket: Ticket) -> None:
        """The change that was waited for is over: whether this one came after it, and soon."""
        before, created = item.ticket, record.dynamodb.created_at_millis / MILLIS
        if before.acted and created + _ROUNDING_SECONDS < before.began:
            return  # it was on its way already
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
