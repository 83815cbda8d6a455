"""How long a call of a handler may take."""

from __future__ import annotations

import time

# What a handler is told about its remaining time if its calls have no timeout: Lambda's maximum.
_NO_TIMEOUT_SECONDS = 900.0


class Deadline:
    """The moment at which a call that starts now has taken too long."""

    __slots__ = ("_at",)

    def __init__(self, timeout_seconds: float | None) -> None:
        """None or 0: there is no such moment."""
        self._at = time.monotonic() + timeout_seconds if timeout_seconds else None

    def left_seconds(self) -> float | None:
        """Seconds left for the call, negative if it has taken longer; None: no limit."""
        return None if self._at is None else self._at - time.monotonic()

    def remaining_seconds(self) -> float | None:
        """The same, but never negative."""
        return None if self._at is None else max(0.0, self._at - time.monotonic())

    def remaining_millis(self) -> int:
        """The same as Lambda's context reports it; without a timeout always Lambda's maximum, 15 minutes."""
        remaining = self.remaining_seconds()
        return int((_NO_TIMEOUT_SECONDS if remaining is None else remaining) * 1000)
