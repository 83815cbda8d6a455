"""Descriptions of streams, kept for some seconds: an account may ask for ten a second, and the console looks often."""

from __future__ import annotations

import threading
import time
from typing import Any

KEPT_SECONDS = 4.0


class Descriptions:
    """Stands for a client of DynamoDB Streams. Thread-safe."""

    def __init__(self, streams: Any, kept_seconds: float = KEPT_SECONDS) -> None:
        self._streams = streams
        self._kept_seconds = kept_seconds
        self._lock = threading.Lock()
        self._kept: dict[tuple[tuple[str, Any], ...], tuple[float, Any]] = {}
        self.exceptions = streams.exceptions

    def describe_stream(self, **page: Any) -> Any:
        """Return a page of a description that is at most so old."""
        key, now = tuple(sorted(page.items())), time.monotonic()
        with self._lock:
            at, answer = self._kept.get(key, (0.0, None))
        if answer is None or now - at > self._kept_seconds:
            answer = self._streams.describe_stream(**page)
            with self._lock:
                self._kept = {one: kept for one, kept in self._kept.items() if now - kept[0] <= self._kept_seconds}
                self._kept[key] = (now, answer)
        return answer
