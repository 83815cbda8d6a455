"""CLOCK_BOOTTIME: the clock of the fence, which also goes on while the host sleeps.

Other hosts' clocks go on then, so a lease's time must. `BootTime.java` is the other side. Where there is no such clock
(not Linux), both sides take the monotonic one.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_UPTIME = Path("/proc/uptime")

now_ns = partial(time.clock_gettime_ns, _CLOCK)
"""Now, in nanoseconds."""


def ahead_of_uptime_seconds(uptime: Path = _UPTIME) -> int:
    """By how much this clock is ahead of /proc/uptime, by which Java reads it; 0 where they are the same.

    In some containers that file counts from the container's start, perhaps in whole seconds. The answer is never too
    much: a lease may end a second or two early, and never late.
    """
    try:
        text = uptime.read_text()
    except OSError:
        return 0
    ahead = now_ns() / 1e9 - float(text.split()[0])
    return int(ahead) - 1 if ahead >= 1 else 0
