"""A lease that a test takes away, lets run late, or asks to stop."""

from __future__ import annotations

import os

from record_processor.delivery.lease import Lease
from record_processor.system import boot_time

_FOREVER = (1 << 63) - 1
_LOST = 0


class FakeLease(Lease):
    """Held until the test says otherwise."""

    def __init__(self) -> None:
        self._now_ns = boot_time.now_ns
        self._numbers = memoryview(bytearray(16)).cast("q")
        self._java = os.getppid()
        self.hold()

    def hold(self) -> None:
        """Hold it, also after it was late."""
        self._numbers[0] = _FOREVER

    def be_late(self) -> None:
        """Let it run out: nothing starts until it is held again."""
        self._numbers[0] = _LOST + 1

    def lose(self) -> None:
        """Lose it for good: nothing starts anymore."""
        self._numbers[0] = _LOST

    def ask_to_stop(self) -> None:
        """Ask for a graceful stop, as a worker does on SIGTERM."""
        self._numbers[1] = 1

    @property
    def lost(self) -> bool:
        """Whether `lose` was called."""
        return self._numbers[0] == _LOST
