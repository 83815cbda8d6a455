"""Where times and values are in a chart, and which of them are written at its edges."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.dashboard import units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.dashboard.grafana import Series, Span

TOP, BOTTOM, RIGHT, LETTER = 8, 20, 12, 6.2
_TICK_PIXELS = 34
_CLOCK_PIXELS = 90
_CLOCK_SECONDS = (10, 30, 60, 120, 300, 600, 1800, 3600, math.inf)
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_ZEROS = re.compile(r"\.?0+$")


class Size(NamedTuple):
    """In pixels."""

    width: float
    height: float


class Plot(NamedTuple):
    """From times and values to pixels."""

    size: Size
    left: float
    span: Span
    top: float
    """The value at the upper end."""
    floor: float | None = None
    """The value at the lower end of a logarithmic scale; without, it is linear and begins at 0."""

    def x(self, at: float) -> float:
        share = (at - self.span.start) / (self.span.end - self.span.start)
        return round(self.left + share * (self.size.width - self.left - RIGHT), 1)

    def y(self, value: float) -> float:
        room = self.size.height - TOP - BOTTOM
        share = value / self.top
        if self.floor is not None:
            share = math.log(max(value, self.floor) / self.floor) / math.log(self.top / self.floor)
        return round(TOP + room * (1 - min(1.0, share)), 1)

    def times(self) -> Iterator[tuple[float, int]]:
        """Yield the times that are written, with the seconds between them."""
        lasting = self.span.end - self.span.start
        count = max(1.0, (self.size.width - self.left) / _CLOCK_PIXELS)
        distance = next(one for one in _CLOCK_SECONDS if lasting / one <= count)
        at = math.ceil(self.span.start / distance) * distance
        while at <= self.span.end:
            yield at, int(distance)
            at += distance


def of_values(series: list[Series], defaults: dict[str, Any], span: Span, size: Size) -> tuple[Plot, dict[float, str]]:
    """Return a plot with room for all values, and those with a line, with their labels."""
    values = [value for one in series for _, value in one.points if math.isfinite(value)]
    is_log = defaults["custom"].get("scaleDistribution", {}).get("type") == "log"
    ticks = _powers(values) if is_log else _ticks(values, size.height, defaults)
    top = float(defaults.get("max", ticks[-1]))
    labels = {tick: _plain(units.text(tick, defaults["unit"])) for tick in ticks if tick <= top}
    left = 14 + LETTER * max(map(len, labels.values()))
    return Plot(size, left, span, top, ticks[0] if is_log else None), labels


def _ticks(values: list[float], height: float, defaults: dict[str, Any]) -> list[float]:
    """Return round values from 0 on; the last one is not below the largest value."""
    largest = float(defaults.get("max", max(values, default=0.0))) or 1.0
    count = max(2, int((height - TOP - BOTTOM) / _TICK_PIXELS))
    power = 10 ** math.floor(math.log10(largest / count))
    # Rounding must not ask for one line more.
    distance = next(nice * power for nice in _NICE if nice * power * count >= largest * 0.9999)
    if defaults["unit"] == "bytes":
        distance = 2 ** math.ceil(math.log2(largest / count))
    if defaults.get("decimals") == 0:
        distance = math.ceil(distance)
    return [number * distance for number in range(math.ceil(largest * 0.9999 / distance) + 1)]


def _powers(values: list[float]) -> list[float]:
    """Return the powers of ten from below the smallest value to above the largest one."""
    found = [value for value in values if value > 0] or [1.0]
    lowest, highest = math.floor(math.log10(min(found))), math.ceil(math.log10(max(found)))
    return [10.0**power for power in range(lowest, max(highest, lowest + 1) + 1)]


def _plain(text: str) -> str:
    """Return a label without zeros that say nothing."""
    number, _, unit = text.partition(" ")
    number = _ZEROS.sub("", number) if "." in number else number
    return f"{number} {unit}".rstrip()
