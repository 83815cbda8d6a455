"""Which records may go to an action together, and when.

A key (an item) is in at most one batch at a time, and its records leave in their order; so whatever a batch goes
through, retries included, nothing of the same item overtakes it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from record_processor.worker.delivery.entry import Entry


class BatchQueue:
    """Entries of one action, waiting for a worker."""

    def __init__(self, size: int, size_bytes: int, window_seconds: float) -> None:
        self._size = size
        self._size_bytes = size_bytes
        self._window_seconds = window_seconds
        self._condition = threading.Condition()
        self._by_key: dict[Hashable, deque[Entry]] = {}
        self._ready: deque[Hashable] = deque()
        """Keys that have entries and are in no batch, the longest waiting first."""
        self._in_batch: set[Hashable] = set()
        self._takeable = 0
        """Entries of the keys in `_ready`."""
        self._takeable_bytes = 0
        self._flushing = False
        self._closed = False

    def put(self, entries: Iterable[Entry]) -> None:
        with self._condition:
            now = time.monotonic()
            for entry in entries:
                entry.queued = now
                self._put(entry)
            self._condition.notify_all()

    def take(self) -> list[Entry] | None:
        """The next batch, once there is one; None when the queue is closed. Its keys stay out until `finished`."""
        with self._condition:
            while not self._closed:
                wait = self._wait_seconds()
                if wait is not None and wait <= 0:
                    return self._pop_batch()
                self._condition.wait(wait)
            return None

    def finished(self, batch: Sequence[Entry]) -> None:
        """All of a batch is done: its keys may be in another."""
        with self._condition:
            for key in {entry.key for entry in batch}:
                self._in_batch.discard(key)
                if self._by_key[key]:
                    self._make_ready(key)
                else:
                    del self._by_key[key]
            if self._ready:
                self._condition.notify_all()

    def flush(self) -> None:
        """From now on send what is there, without waiting for more."""
        with self._condition:
            self._flushing = True
            self._condition.notify_all()

    def close(self) -> None:
        """Give out nothing more."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _put(self, entry: Entry) -> None:
        waiting = self._by_key.get(entry.key)
        if waiting is None:
            waiting = self._by_key[entry.key] = deque()
            self._ready.append(entry.key)
        waiting.append(entry)
        if entry.key not in self._in_batch:
            self._takeable += 1
            self._takeable_bytes += entry.size_bytes

    def _make_ready(self, key: Hashable) -> None:
        self._ready.append(key)
        for entry in self._by_key[key]:
            self._takeable += 1
            self._takeable_bytes += entry.size_bytes

    def _wait_seconds(self) -> float | None:
        """How long until a batch is due: 0 for now, None for not before something comes."""
        if not self._ready:
            return None
        full = self._takeable >= self._size or self._takeable_bytes >= self._size_bytes
        if full or self._flushing or not self._window_seconds:
            return 0.0
        oldest = self._by_key[self._ready[0]][0].queued
        return oldest + self._window_seconds - time.monotonic()

    def _pop_batch(self) -> list[Entry]:
        batch: list[Entry] = []
        size_bytes = 0
        while self._ready and len(batch) < self._size:
            key = self._ready[0]
            waiting = self._by_key[key]
            if batch and size_bytes + waiting[0].size_bytes > self._size_bytes:
                break
            self._ready.popleft()
            self._in_batch.add(key)
            self._takeable -= len(waiting)
            for entry in waiting:
                self._takeable_bytes -= entry.size_bytes
            while waiting and len(batch) < self._size:
                if batch and size_bytes + waiting[0].size_bytes > self._size_bytes:
                    break
                size_bytes += waiting[0].size_bytes
                batch.append(waiting.popleft())
        return batch
