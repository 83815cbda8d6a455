"""Where the worker's log leaves it: standard error, which may be slow, blocked, broken or closed.

None of that may stop those who log: the pipe from the JVM would fill, and every shard of the host would wait for its
log. So a separate thread writes the lines, and if standard error accepts none for a while they are counted instead.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque

_STDERR = 2
_MOST_BYTES = 4 * 1024 * 1024
# A reader that is merely slow slows down those who log; if it reads nothing for this long, lines are lost.
_PATIENCE_SECONDS = 5.0
_CHUNK_BYTES = 64 * 1024


class LogOutput:
    """A text stream whose `write` never fails. Thread-safe, and usable in a signal handler."""

    def __init__(self, descriptor: int = _STDERR, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._descriptor = descriptor
        self._patience_seconds = patience_seconds
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._lost = 0
        self._stalled = False
        # The thread that has its lock can take it again: a signal handler may log in the middle of anything.
        self._changed = threading.Condition()
        threading.Thread(target=self._write_all, name="log-output", daemon=True).start()

    def write(self, text: str) -> int:
        """Accept whole lines at once, in any case: they are few, and come from this process."""
        with self._changed:
            self._take(text)
        return len(text)

    def flush(self) -> None:
        """Do nothing: `drain` waits."""

    def write_patiently(self, text: str) -> None:
        """Accept whole lines; wait for room, but not for a reader that reads nothing."""
        with self._changed:
            if not self._stalled:
                self._stalled = not self._changed.wait_for(self._has_room, self._patience_seconds)
            if self._has_room():
                self._take(text)
            else:
                self._lost += 1

    def take_lost(self) -> int:
        """Return how many lines were lost since the last call, once standard error accepts lines again."""
        with self._changed:
            lost = 0 if self._stalled else self._lost
            self._lost -= lost
            return lost

    def drain(self, seconds: float) -> None:
        """Wait until everything is written, but no longer than this."""
        with self._changed:
            self._changed.wait_for(lambda: not self._bytes, seconds)

    def _has_room(self) -> bool:
        return self._bytes < _MOST_BYTES

    def _take(self, text: str) -> None:
        line = text.encode("utf-8", "backslashreplace")
        self._lines.append(line)
        self._bytes += len(line)
        self._changed.notify_all()

    def _write_all(self) -> None:
        while True:
            lines = self._next()
            lost = _written(self._descriptor, b"".join(lines), len(lines))
            with self._changed:
                self._bytes -= sum(map(len, lines))
                self._lost += lost
                self._stalled = False
                self._changed.notify_all()

    def _next(self) -> list[bytes]:
        with self._changed:
            self._changed.wait_for(lambda: self._lines)
            lines, size = [], 0
            while self._lines and size < _CHUNK_BYTES:
                lines.append(self._lines.popleft())
                size += len(lines[-1])
            return lines


def _written(descriptor: int, content: bytes, lines: int) -> int:
    """Write all of it; return how many lines were lost because nobody reads anymore, the disk is full, and the like."""
    left = memoryview(content)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:  # somebody made it non-blocking: a terminal's settings are shared
            select.select([], [descriptor], [])
        except OSError:
            return lines
    return 0
