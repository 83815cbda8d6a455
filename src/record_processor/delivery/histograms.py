"""Histograms in a shard's report: integers in shared memory, to which a call adds without a lock of its own."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Histogram(NamedTuple):
    """Where a histogram is among the numbers of an action: its sum, and then how many values each bucket has."""

    name: str
    at: int
    bounds: tuple[float, ...]
    """The largest value of each bucket; what is larger is in one more."""
    parts: int = 1
    """The sum is in so many parts of one, since it is an integer."""

    @property
    def end(self) -> int:
        return self.at + len(self.bounds) + 2

    def add(self, numbers: Any, value: float, count: int = 1) -> None:
        """Count a value. Whoever does keeps out other threads."""
        numbers[self.at] += round(value * self.parts) * count
        numbers[self.at + 1 + bisect_left(self.bounds, value)] += count

    def add_all(self, numbers: Any, values: Sequence[float]) -> None:
        """Count many values: quickly, if all are in the first bucket."""
        if not values:
            return
        if max(values) <= self.bounds[0]:
            numbers[self.at] += round(sum(values) * self.parts)
            numbers[self.at + 1] += len(values)
        else:
            for value in values:
                self.add(numbers, value)

    def read(self, numbers: Sequence[int]) -> Distribution:
        counts = numbers[self.at + 1 : self.end]
        return Distribution(self.bounds, tuple(counts), numbers[self.at] / self.parts)


class Distribution(NamedTuple):
    """What a histogram has counted."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    """For each bucket, without those before it; one more than there are bounds."""
    sum: float
