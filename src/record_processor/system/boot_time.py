"""CLOCK_BOOTTIME: the clock of the fence, which keeps counting while the host is suspended.

Other hosts' clocks keep counting then, so a lease's time must too. `BootTime.java` is the other side. Without such a
clock (not Linux), both sides use the monotonic one.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_UPTIME = Path("/proc/uptime")

now_ns = partial(time.clock_gettime_ns, _CLOCK)
"""Return the current time in nanoseconds."""


def ahead_of_uptime_seconds(uptime: Path = _UPTIME) -> int:
    """Return how far this clock is ahead of /proc/uptime, which Java reads; 0 if they are the same.

    In some containers that file counts from the container's start, perhaps in whole seconds. The result is never too
    large: a lease may end a second or two early, but never late.
    """
    try:
        text = uptime.read_text()
    except OSError:
        return 0
    ahead = now_ns() / 1e9 - float(text.split()[0])
    return int(ahead) - 1 if ahead >= 1 else 0
