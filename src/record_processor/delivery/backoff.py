"""How long to wait before a retry: exponential backoff with full jitter.

Why full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 30.0
# 2 ** 30 times the first delay exceeds any limit; without this bound the power would keep growing.
_HIGHEST_POWER = 30


def delay(attempts: int, longest_seconds: float = LONGEST_SECONDS) -> float:
    """Return the wait after this many failed attempts (1 after the first)."""
    ceiling = min(FIRST_SECONDS * 2 ** min(attempts - 1, _HIGHEST_POWER), longest_seconds)
    return random.uniform(0, ceiling)  # noqa: S311 - nothing secret hangs on it


def delays(longest_seconds: float = LONGEST_SECONDS) -> Iterator[float]:
    """Yield waits endlessly."""
    attempts = 0
    while True:
        attempts += 1
        yield delay(attempts, longest_seconds)
