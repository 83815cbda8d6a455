"""The lease of one shard: whether this process may start something on it, at any moment and without asking anybody.

The protocol is synchronous, so a shard process inside `process_records` hears neither that its lease is lost nor that
the worker is asked to stop. The Java side therefore keeps 24 bytes of shared memory up to date (`LeaseFile.java`):
until when the lease is valid, whether to stop, and when KCL last found nothing in the shard. Both sides read the same
clock, so a lease also expires here if the JVM hangs, or if the machine was paused or suspended.

An expired lease is late, but not yet lost: a renewal may still succeed, which happens only if nobody else has had the
lease in between.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

from record_processor.errors import LeaseLostError
from record_processor.system import boot_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SIZE_BYTES = 24
_GOOD_UNTIL = 0
_STOP = 1
_EMPTY = 2
_LOST = 0


class Lease:
    """One shard's lease, as the Java side last knew it. Thread-safe."""

    def __init__(self, path: Path, now_ns: Callable[[], int] = boot_time.now_ns) -> None:
        self._now_ns = now_ns
        self.path = path
        with path.open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), _SIZE_BYTES, access=mmap.ACCESS_READ)
        # Eight aligned bytes are read at once: no half-written number is ever seen.
        self._numbers: memoryview = memoryview(self._memory).cast("q")
        self._java = os.getppid()

    @property
    def held(self) -> bool:
        """Whether it is valid at this moment. If not, it is late or lost."""
        return self._now_ns() < self._numbers[_GOOD_UNTIL]

    @property
    def lost(self) -> bool:
        """Whether it can never be ours again: another worker may have it, or the JVM that would renew it is gone."""
        return self._numbers[_GOOD_UNTIL] == _LOST or os.getppid() != self._java

    @property
    def stop_requested(self) -> bool:
        return self._numbers[_STOP] != 0

    @property
    def work_may_begin(self) -> bool:
        """Whether it is held and no stop was requested: the one check before every call of an action."""
        numbers = self._numbers
        return self._now_ns() < numbers[_GOOD_UNTIL] and not numbers[_STOP]

    def forbid(self) -> None:
        """Lose it for this process, whatever the Java side says: nothing starts here anymore."""
        self._numbers = memoryview(bytearray(_SIZE_BYTES)).cast("q")

    def check_not_lost(self) -> None:
        """Raise LeaseLostError if the lease is lost."""
        if self.lost:
            raise LeaseLostError("this worker no longer holds the shard's lease")


def empty_at(path: Path) -> float | None:
    """Return when KCL last read the shard of a lease file and found nothing, in seconds since the epoch.

    None: it has found records, or there is no such file anymore.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return memoryview(content).cast("q")[_EMPTY] / 1000 or None if len(content) == _SIZE_BYTES else None
