"""How long a call of a handler may take."""

from __future__ import annotations

import time

# Where a call has no timeout, what a handler is told that it has left: Lambda's most.
_NO_TIMEOUT_SECONDS = 900.0


class Deadline:
    """The moment at which a call that began now has taken too long."""

    __slots__ = ("_at",)

    def __init__(self, timeout_seconds: float | None) -> None:
        """None or 0: there is no such moment."""
        self._at = time.monotonic() + timeout_seconds if timeout_seconds else None

    def left_seconds(self) -> float | None:
        """How long the call may still take, below 0 where it has taken longer; None: as long as it likes."""
        return None if self._at is None else self._at - time.monotonic()

    def remaining_seconds(self) -> float | None:
        """The same, never below 0."""
        return None if self._at is None else max(0.0, self._at - time.monotonic())

    def remaining_millis(self) -> int:
        """The same as Lambda's context tells it; without a timeout always Lambda's most, 15 minutes."""
        remaining = self.remaining_seconds()
        return int((_NO_TIMEOUT_SECONDS if remaining is None else remaining) * 1000)
