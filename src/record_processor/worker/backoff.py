"""How long to wait before another try."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 30.0


def delays(first_seconds: float = FIRST_SECONDS, longest_seconds: float = LONGEST_SECONDS) -> Iterator[float]:
    """Endless waiting times: exponential, with full jitter.

    Why full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    ceiling = first_seconds
    while True:
        yield random.uniform(0, ceiling)  # noqa: S311 - nothing secret hangs on it
        ceiling = min(ceiling * 2, longest_seconds)
