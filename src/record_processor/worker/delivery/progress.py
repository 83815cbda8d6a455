"""How far a shard is done: the low-water mark over all actions and lanes."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Ticket:
    """One record, and how many actions are not done with it."""

    __slots__ = ("outstanding", "sequence_number", "size_bytes")

    def __init__(self, sequence_number: str, size_bytes: int, outstanding: int) -> None:
        self.sequence_number = sequence_number
        self.size_bytes = size_bytes
        self.outstanding = outstanding


class Progress:
    """All records between the last one that everything before is done with, and the newest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._tickets: deque[Ticket] = deque()
        self._low_water: str | None = None
        self._pending_bytes = 0

    def add(self, tickets: Iterable[Ticket]) -> None:
        """Records in stream order, before any of them can be done."""
        with self._lock:
            for ticket in tickets:
                self._tickets.append(ticket)
                self._pending_bytes += ticket.size_bytes
            self._advance()

    def done(self, tickets: Iterable[Ticket]) -> None:
        """One action is done with each of these."""
        with self._lock:
            for ticket in tickets:
                ticket.outstanding -= 1
            self._advance()

    def low_water(self) -> str | None:
        """The sequence number up to which every action is done with every record; None before the first."""
        with self._lock:
            return self._low_water

    @property
    def pending(self) -> int:
        return len(self._tickets)

    @property
    def pending_bytes(self) -> int:
        return self._pending_bytes

    def wait(self, seconds: float) -> None:
        """Wait until the mark moves, or the time is over."""
        with self._changed:
            if self._tickets:
                self._changed.wait(seconds)

    def _advance(self) -> None:
        moved = False
        while self._tickets and self._tickets[0].outstanding == 0:
            ticket = self._tickets.popleft()
            self._pending_bytes -= ticket.size_bytes
            self._low_water = ticket.sequence_number
            moved = True
        if moved:
            self._changed.notify_all()
