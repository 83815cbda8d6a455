"""What was seen in the last half hour, for the lines in the page."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from record_processor.fleet.model import Application

KEPT_SECONDS = 1800.0
_APART_SECONDS = 1.5
# At one point every two seconds; a clock that jumps makes no more of them.
_MOST_POINTS = 900


class Trend(msgspec.Struct, frozen=True):
    """Columns of equal length, the oldest first."""

    at: list[float]
    lag_seconds: list[float | None]
    """None: not known then."""
    records_per_second: list[float | None]


class TrendKeeper:
    """Keeps a point every two seconds, and forgets the oldest."""

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._points: deque[tuple[float, float | None, float | None]] = deque(maxlen=_MOST_POINTS)

    def add(self, found: Application) -> None:
        if self._points and 0 <= found.at - self._points[-1][0] < _APART_SECONDS:
            return
        rates = [shard.records_per_second for shard in found.shards if shard.records_per_second is not None]
        lag = None if found.lag_seconds is None else round(found.lag_seconds, 1)
        self._points.append((round(found.at, 1), lag, round(sum(rates), 1) if rates else None))
        while self._points[0][0] < found.at - self._kept_seconds:
            self._points.popleft()

    def shown(self) -> Trend:
        points = list(self._points)
        return Trend([at for at, _, _ in points], [lag for _, lag, _ in points], [rate for _, _, rate in points])
