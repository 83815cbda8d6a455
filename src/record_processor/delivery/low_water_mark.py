"""How far a shard is done: the low-water mark over all actions and their concurrent calls."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class Ticket(msgspec.Struct, gc=False, eq=False):
    """One record, and how many actions are not done with it."""

    sequence_number: str
    size_bytes: int
    outstanding: int
    began: float = 0.0
    """When an action first tried it (seconds since the epoch); 0: not yet."""
    acted: float = 0.0
    """When an action last succeeded with it; 0: none yet."""
    created_at_millis: int = 0
    """Since the epoch; 0: that could not be decoded."""


class Standing(NamedTuple):
    """How far a shard is done, and with what it goes on."""

    done_up_to: str | None
    """The low-water mark."""
    done_created_at_millis: int
    """When that record was created; 0: not known."""
    oldest_created_at_millis: int
    """When the oldest record that is not done was created; 0: there is none, or that is not known."""
    done: int
    """How many are done."""
    pending: int
    pending_bytes: int


class LowWaterMark:
    """All records from the first that is not done to the newest. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._tickets: deque[Ticket] = deque()
        self._low_water: str | None = None
        self._low_water_created = 0
        self._done = 0
        self._pending_bytes = 0
        self._wake_at = -1

    def add(self, tickets: Iterable[Ticket]) -> None:
        """Add records in stream order, before any of them can be done."""
        with self._lock:
            for ticket in tickets:
                self._tickets.append(ticket)
                self._pending_bytes += ticket.size_bytes
            self._advance()

    def done(self, tickets: Iterable[Ticket]) -> None:
        """Record that one action is done with each of these."""
        with self._lock:
            for ticket in tickets:
                ticket.outstanding -= 1
            if self._tickets and not self._tickets[0].outstanding:
                self._advance()

    def low_water(self) -> str | None:
        """Return the sequence number up to which every action is done with every record; None before the first."""
        with self._lock:
            return self._low_water

    def standing(self) -> Standing:
        with self._lock:
            oldest = self._tickets[0].created_at_millis if self._tickets else 0
            pending = len(self._tickets), self._pending_bytes
            return Standing(self._low_water, self._low_water_created, oldest, self._done, *pending)

    @property
    def pending(self) -> int:
        return len(self._tickets)

    @property
    def pending_bytes(self) -> int:
        return self._pending_bytes

    def wait(self, seconds: float, at_most_pending: int) -> None:
        """Wait until at most so many are pending, or the time is over: waking for every record would cost too much."""
        with self._changed:
            if len(self._tickets) > at_most_pending:
                self._wake_at = at_most_pending
                self._changed.wait(seconds)
                self._wake_at = -1

    def _advance(self) -> None:
        while self._tickets and self._tickets[0].outstanding == 0:
            ticket = self._tickets.popleft()
            self._pending_bytes -= ticket.size_bytes
            self._low_water = ticket.sequence_number
            self._low_water_created = ticket.created_at_millis
            self._done += 1
        if len(self._tickets) <= self._wake_at:
            self._changed.notify_all()
