"""How fast letters are delivered again: what failed once may be too weak for all of them at once."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from record_processor.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_RATE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)/(s|m|min|h)")
# Shorter than after which a queue has to be told that its messages are still wanted.
_LONGEST_NAP_SECONDS = 60.0
_SLOWEST_PER_SECOND = 1 / 86400


class Pace:
    """Lets one letter go at a time."""

    def __init__(
        self,
        per_second: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pause_seconds = 0.0 if per_second is None else 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._due = 0.0

    def wait(self, meanwhile: Callable[[], None]) -> None:
        """Return when the next letter may go; during long waits, do something about once a minute."""
        if not self._pause_seconds:
            return
        while (left := self._due - self._clock()) > 0:
            self._sleep(min(left, _LONGEST_NAP_SECONDS))
            meanwhile()
        self._due = max(self._due, self._clock()) + self._pause_seconds


def pace_of(rate: str | None) -> Pace:
    """Return the pace of `--rate`.

    Raises:
        SetupError: it is no rate.
    """
    if rate is None:
        return Pace()
    match = _RATE.fullmatch(rate)
    per_second = float(match.group(1)) / _SECONDS[match.group(2)] if match else 0.0
    if per_second < _SLOWEST_PER_SECOND:
        raise SetupError(
            f"--rate {rate}: expected letters per time such as 50/s, 100/m or 10/h, and at least one a day"
        )
    return Pace(per_second)
