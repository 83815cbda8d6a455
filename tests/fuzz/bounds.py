"""What one input may cost: of time and of memory."""

from __future__ import annotations

import contextlib
import resource
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of this process's own time: what other processes take does not count.
SECONDS = 3.0
_AGAIN_SECONDS = 0.5
MEGABYTES = 200


class Unbounded(BaseException):
    """An input uses more than it may. Not an Exception, so that nobody handles it as their own error."""


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Limit what the block uses; for the main thread only.

    Raises:
        Unbounded: where the limit is exceeded, or at the end if it was memory.
    """
    before = _peak_megabytes()
    former = signal.signal(signal.SIGVTALRM, _too_long)
    # Again and again, in case that somebody catches everything.
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS, _AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, former)
    grown = _peak_megabytes() - before
    if grown > MEGABYTES:
        raise Unbounded(f"took {grown:.0f} MB; {MEGABYTES} are allowed")


def _too_long(_number: int, _frame: Any) -> None:
    raise Unbounded(f"took {SECONDS} s; no more are allowed")


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
