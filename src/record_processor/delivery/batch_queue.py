"""Which records may go to an action together, and when.

A key (an item) is in at most one batch at a time, and its records leave in order. So whatever happens to a batch,
retries included, no later record of the same item overtakes it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from record_processor.delivery.pending_record import PendingRecord


class _Waiting:
    """The entries of one key that are not in a batch, in order."""

    __slots__ = ("entries", "size_bytes")

    def __init__(self) -> None:
        self.entries: deque[PendingRecord] = deque()
        self.size_bytes = 0


class BatchQueue:
    """The entries of one action that wait for a thread. Thread-safe."""

    def __init__(self, size: int, size_bytes: int, window_seconds: float) -> None:
        self._size = size
        self._size_bytes = size_bytes
        self._window_seconds = window_seconds
        self._condition = threading.Condition()
        self._by_key: dict[Hashable, _Waiting] = {}
        self._ready: deque[Hashable] = deque()
        """Keys that have entries and are not in a batch, the longest waiting first."""
        self._in_batch: set[Hashable] = set()
        self._takeable = 0
        """How many entries the keys in `_ready` have."""
        self._takeable_bytes = 0
        self._flushing = False
        self._closed = False

    def put(self, entries: Iterable[PendingRecord]) -> None:
        with self._condition:
            now = time.monotonic()
            for entry in entries:
                entry.queued = now
                self._put(entry)
            self._condition.notify_all()

    def take(self) -> list[PendingRecord] | None:
        """Wait for the next batch; None when the queue is closed. Its keys stay blocked until `finished`."""
        with self._condition:
            while not self._closed:
                wait = self._wait_seconds()
                if wait is not None and wait <= 0:
                    return self._pop_batch()
                self._condition.wait(wait)
            return None

    def finished(self, batch: Sequence[PendingRecord]) -> None:
        """Let the keys of a batch that is done be in another one."""
        with self._condition:
            for key in {entry.key for entry in batch}:
                self._in_batch.discard(key)
                if self._by_key[key].entries:
                    self._make_ready(key)
                else:
                    del self._by_key[key]
            if self._ready:
                self._condition.notify_all()

    def flush(self) -> None:
        """From now on, send what is there without waiting for more."""
        with self._condition:
            self._flushing = True
            self._condition.notify_all()

    def close(self) -> None:
        """Give out nothing more."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _put(self, entry: PendingRecord) -> None:
        key, size_bytes = entry.key, entry.ticket.size_bytes
        waiting = self._by_key.get(key)
        if waiting is None:
            waiting = self._by_key[key] = _Waiting()
            self._ready.append(key)
        waiting.entries.append(entry)
        waiting.size_bytes += size_bytes
        if key not in self._in_batch:
            self._takeable += 1
            self._takeable_bytes += size_bytes

    def _make_ready(self, key: Hashable) -> None:
        waiting = self._by_key[key]
        self._ready.append(key)
        self._takeable += len(waiting.entries)
        self._takeable_bytes += waiting.size_bytes

    def _wait_seconds(self) -> float | None:
        """Return how long until a batch is due: 0 for now, None if it takes another entry."""
        if not self._ready:
            return None
        full = self._takeable >= self._size or self._takeable_bytes >= self._size_bytes
        if full or self._flushing or not self._window_seconds:
            return 0.0
        oldest = self._by_key[self._ready[0]].entries[0].queued
        return oldest + self._window_seconds - time.monotonic()

    def _pop_batch(self) -> list[PendingRecord]:
        batch: list[PendingRecord] = []
        room_bytes = self._size_bytes
        while self._ready and len(batch) < self._size:
            waiting = self._by_key[self._ready[0]]
            if batch and waiting.entries[0].size_bytes > room_bytes:
                break
            self._in_batch.add(self._ready.popleft())
            self._takeable -= len(waiting.entries)
            self._takeable_bytes -= waiting.size_bytes
            room_bytes = self._move(waiting, batch, room_bytes)
        return batch

    def _move(self, waiting: _Waiting, batch: list[PendingRecord], room_bytes: int) -> int:
        """Move what there is room for into the batch; return the room that is left."""
        entries, moved_bytes = waiting.entries, 0
        while entries and len(batch) < self._size:
            size_bytes = entries[0].ticket.size_bytes
            # The first entry may be too large for any batch: then it goes alone.
            if batch and moved_bytes + size_bytes > room_bytes:
                break
            moved_bytes += size_bytes
            batch.append(entries.popleft())
        waiting.size_bytes -= moved_bytes
        return room_bytes - moved_bytes
