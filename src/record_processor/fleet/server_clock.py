"""The time by DynamoDB's clock: records have its times, and the clocks of hosts may differ."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# An answer's date is in whole seconds, and the answer was under way.
_GRAIN_SECONDS = 1.0
_LEAST_SECONDS = 2.0


class ServerClock:
    """The clock of this host, until an answer shows that it is wrong by more than a date tells. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.ahead_seconds = 0.0
        """How far the server's clock is ahead of this host's; 0 for less than two seconds."""

    def see(self, answer: Mapping[str, Any]) -> None:
        """Learn from an answer of the SDK."""
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date is None:
            return
        try:
            ahead = parsedate_to_datetime(date).timestamp() + _GRAIN_SECONDS / 2 - self._clock()
        except (TypeError, ValueError):
            return
        self.ahead_seconds = ahead if abs(ahead) > _LEAST_SECONDS else 0.0

    def now(self) -> float:
        return self._clock() + self.ahead_seconds
