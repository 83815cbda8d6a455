"""The sequence numbers of the local streams' records."""

from __future__ import annotations

import threading
import time


class SequenceNumbers:
    """Growing numbers of 21 digits, the fewest that AWS uses, even if the clock is set back. Thread-safe."""

    def __init__(self) -> None:
        self.last = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        with self._lock:
            self.last = max(time.time_ns() // 1000 * 1000, self.last + 1)
            return f"{self.last:021d}"
