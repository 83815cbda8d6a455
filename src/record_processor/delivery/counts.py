"""How many records each action received and what became of them, reported once in a while.

Without this, an action whose filter rejects everything is as silent as one that has nothing to do.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from record_processor.delivery.shard_report import (
    BATCH_RECORDS,
    CALL_SECONDS,
    DEAD_LETTERS,
    DELIVERED,
    DELIVERED_BYTES,
    DONE_SECONDS,
    FAILED_ATTEMPTS,
    FILTERED,
    RECEIVED,
    RETRIES,
    Counters,
)
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from record_processor.delivery.low_water_mark import LowWaterMark, Ticket

log = Log("worker.delivery")

INTERVAL_SECONDS = 60.0


class Totals(NamedTuple):
    """Counts of one action's records."""

    received: int = 0
    """Read from the shard."""
    filtered: int = 0
    """Rejected by the action's filter."""
    delivered: int = 0
    dead: int = 0


class ActionCounts:
    """The counts of one action, between the action's threads and the shard's `LowWaterMark`. Thread-safe."""

    def __init__(self, action: str, mark: LowWaterMark, counters: Counters | None = None) -> None:
        """`counters` are those of the shard's report, which are continued."""
        self.action = action
        self._mark = mark
        self._lock = threading.Lock()
        self._counters = counters or Counters()
        self._wanted = self._done = 0

    def took_in(self, received: int, wanted: int) -> None:
        """Count records that were read, and how many of them are for this action."""
        self._wanted += wanted
        # Only the protocol's thread changes these two.
        numbers = self._counters.numbers
        numbers[RECEIVED] += received
        numbers[FILTERED] += received - wanted

    def done(self, tickets: Collection[Ticket], dead: bool = False) -> None:
        """Record that the action is done with these; `dead`: because they are in the dead letters."""
        now, size_bytes = time.time(), 0
        created: dict[int, int] = {}  # a record's time is in whole seconds: most have that of the one before
        if not dead:
            for ticket in tickets:
                ticket.acted = now
                size_bytes += ticket.size_bytes
                millis = ticket.created_at_millis
                created[millis] = created.get(millis, 0) + 1
            created.pop(0, None)  # those that could not be decoded
        with self._lock:
            self._done += len(tickets)
            numbers = self._counters.numbers
            numbers[DEAD_LETTERS if dead else DELIVERED] += len(tickets)
            numbers[DELIVERED_BYTES] += size_bytes
            for millis, count in created.items():
                DONE_SECONDS.add(numbers, max(0.0, now - millis / 1000), count)
        self._mark.done(tickets)

    def called(self, records: int, seconds: Sequence[float]) -> None:
        """Count calls of so many records each, by how long they took."""
        with self._lock:
            numbers = self._counters.numbers
            CALL_SECONDS.add_all(numbers, seconds)
            BATCH_RECORDS.add(numbers, records, len(seconds))

    def failed(self, attempts: int) -> None:
        """Count attempts that failed: one for each record that is to blame for the end of a call."""
        with self._lock:
            self._counters.numbers[FAILED_ATTEMPTS] += attempts

    def retried(self, records: int) -> None:
        """Count records that failed and are about to be tried again."""
        with self._lock:
            self._counters.numbers[RETRIES] += records

    @property
    def waiting(self) -> int:
        """How many records this action is not done with."""
        return self._wanted - self._done

    def totals(self) -> Totals:
        with self._lock:
            numbers = self._counters.numbers
            return Totals(numbers[RECEIVED], numbers[FILTERED], numbers[DELIVERED], numbers[DEAD_LETTERS])


class CountsReport:
    """Logs the counts of all actions of a shard that have changed since the last time."""

    def __init__(self, counts: Sequence[ActionCounts]) -> None:
        # What a process before this one counted, it has said.
        self._said = {one: one.totals() for one in counts}
        self._since = time.monotonic()

    def say_if_due(self) -> None:
        if time.monotonic() - self._since >= INTERVAL_SECONDS:
            self.say()

    def say(self) -> None:
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        for counts, before in self._said.items():
            totals = counts.totals()
            new = Totals(*(one - other for one, other in zip(totals, before, strict=True)))
            if any(new):
                self._said[counts] = totals
                _say(counts, new, seconds)


def _say(counts: ActionCounts, new: Totals, seconds: float) -> None:
    if new.received and new.filtered == new.received:
        what = f"its filter rejected all {new.received} records"
    else:
        what = f"{new.delivered} records delivered, {new.filtered} of {new.received} filtered out, {new.dead} given up"
    log.info(
        "delivery.counts",
        f"{counts.action}: {what}",
        action=counts.action,
        **new._asdict(),
        waiting=counts.waiting,
        seconds=round(seconds, 1),
    )
