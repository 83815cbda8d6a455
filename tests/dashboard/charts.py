"""Lines, bars and bands over time, as SVG."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from html import escape
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.dashboard import colors, units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.dashboard.grafana import Series, Span

_TOP, _BOTTOM, _RIGHT, _LETTER = 8, 20, 12, 6.2
_TICK_PIXELS = 34
_CLOCK_PIXELS = 90
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_ZEROS = re.compile(r"\.?0+(?!\d)")


class Size(NamedTuple):
    width: float
    height: float


class Plot(NamedTuple):
    """Where times and values are in a chart."""

    size: Size
    left: float
    span: Span
    top: float
    """The value at the upper end; 0 is at the lower one."""

    def x(self, at: float) -> float:
        share = (at - self.span.start) / (self.span.end - self.span.start)
        return round(self.left + share * (self.size.width - self.left - _RIGHT), 1)

    def y(self, value: float) -> float:
        room = self.size.height - _TOP - _BOTTOM
        return round(_TOP + room * (1 - min(1.0, value / self.top)), 1)


def time_series(series: list[Series], panel: dict[str, Any], span: Span, size: Size) -> str:
    """Return the chart of a panel of the type `timeseries`."""
    defaults = panel["fieldConfig"]["defaults"]
    custom = defaults["custom"]
    is_stacked = custom["stacking"]["mode"] == "normal"
    shown = _stacked(series) if is_stacked else series
    limits = _limits(defaults) if "thresholdsStyle" in custom else []
    ticks = _ticks(_largest(shown, defaults), size.height, defaults)
    top = float(defaults.get("max", ticks[-1]))
    ticks = [tick for tick in ticks if tick <= top]
    labels = [_plain(units.text(tick, defaults["unit"])) for tick in ticks]
    plot = Plot(size, 14 + _LETTER * max(map(len, labels)), span, top)
    parts = [*_grid(plot, ticks, labels), *_clock(plot), *_limit_lines(plot, limits)]
    for number, one in reversed(list(enumerate(shown))):
        color = colors.LINES[number % len(colors.LINES)]
        is_bars = custom["drawStyle"] == "bars"
        parts += _bars(plot, one, color) if is_bars else _line(plot, one, color, custom["fillOpacity"] / 100)
    return _svg(size, parts)


def bands(series: list[Series], panel: dict[str, Any], span: Span, size: Size) -> str:
    """Return the chart of a panel of the type `state-timeline`: a row for each series."""
    defaults = panel["fieldConfig"]["defaults"]
    words = {name: option["text"] for one in defaults["mappings"] for name, option in one["options"].items()}
    plot = Plot(size, 20 + _LETTER * max(len(one.name) for one in series), span, 1)
    height = min(26.0, (size.height - _TOP - _BOTTOM) / len(series))
    parts = list(_clock(plot))
    for number, one in enumerate(series):
        y = _TOP + number * height
        parts.append(_text(plot.left - 8, y + height / 2 + 4, one.name, "end"))
        for value, start, end in _runs(one, span.step):
            x, width = plot.x(start), max(2.0, plot.x(end) - plot.x(start))
            color = colors.of_value(value, defaults["thresholds"])
            parts.append(_box(x, y + 2, width, height - 4, color))
            word = words[f"{value:.0f}"]
            if width > _LETTER * len(word) + 10:
                parts.append(_text(x + 6, y + height / 2 + 4, word, "start", "#fff"))
    return _svg(size, parts)


def _runs(series: Series, step: float) -> Iterator[tuple[float, float, float]]:
    """Yield each value with the time from when until when it was had; between them are gaps."""
    for (_, value), run in groupby(
        enumerate(series.points), key=lambda one: (round(one[1][0] / step) - one[0], one[1][1])
    ):
        points = [point for _, point in run]
        yield value, points[0][0], points[-1][0] + step


def _plain(text: str) -> str:
    """Return a tick's label without zeros that say nothing."""
    number, _, unit = text.partition(" ")
    number = _ZEROS.sub("", number) if "." in number else number
    return f"{number} {unit}".rstrip()


def _limits(defaults: dict[str, Any]) -> list[float]:
    return [step["value"] for step in defaults["thresholds"]["steps"] if step["value"] is not None]


def _largest(series: list[Series], defaults: dict[str, Any]) -> float:
    found = [value for one in series for _, value in one.points if math.isfinite(value)]
    return float(defaults.get("max", max(found, default=0.0))) or 1.0


def _ticks(largest: float, height: float, defaults: dict[str, Any]) -> list[float]:
    """Return the values with a line, from 0 on; the last one is not below the largest value."""
    count = max(2, int((height - _TOP - _BOTTOM) / _TICK_PIXELS))
    power = 10 ** math.floor(math.log10(largest / count))
    distance = next(nice * power for nice in _NICE if nice * power * count >= largest * 0.9999)
    if defaults["unit"] == "bytes":
        distance = 2 ** math.ceil(math.log2(largest / count))
    if defaults.get("decimals") == 0:
        distance = math.ceil(distance)
    return [number * distance for number in range(math.ceil(largest * 0.9999 / distance) + 1)]


def _grid(plot: Plot, ticks: list[float], labels: list[str]) -> Iterator[str]:
    for tick, label in zip(ticks, labels, strict=True):
        yield _rule(plot, plot.y(tick), colors.GRID)
        yield _text(plot.left - 6, plot.y(tick) + 4, label, "end")


def _clock(plot: Plot) -> Iterator[str]:
    lasting = plot.span.end - plot.span.start
    count = max(1.0, (plot.size.width - plot.left) / _CLOCK_PIXELS)
    distance = next(one for one in (10, 30, 60, 120, 300, 600, 1800, 3600, math.inf) if lasting / one <= count)
    at = math.ceil(plot.span.start / distance) * distance
    while at <= plot.span.end:
        yield (
            f'<path d="M{plot.x(at)} {_TOP}V{plot.size.height - _BOTTOM}" stroke="{colors.GRID}"/>'
            + _text(plot.x(at), plot.size.height - 5, _at(at, distance), "middle")
        )
        at += distance


def _at(at: float, distance: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%H:%M:%S" if distance < 60 else "%H:%M")


def _limit_lines(plot: Plot, limits: list[float]) -> Iterator[str]:
    for limit in limits:
        if limit <= plot.top:
            yield _rule(plot, plot.y(limit), colors.NAMED["red"], ' stroke-dasharray="8 6"')


def _line(plot: Plot, series: Series, color: str, opacity: float) -> Iterator[str]:
    """Yield a line for each part without a gap, and the area below it."""
    for has_value, run in groupby(series.points, key=lambda point: math.isfinite(point[1])):
        if has_value:
            points = [(plot.x(at), plot.y(value)) for at, value in run]
            path = "L".join(f"{x} {y}" for x, y in points)
            floor = plot.y(0)
            if opacity:
                yield f'<path d="M{points[0][0]} {floor}L{path}V{floor}Z" fill="{color}" opacity="{opacity}"/>'
            yield f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="1.5"/>'


def _bars(plot: Plot, series: Series, color: str) -> Iterator[str]:
    times = [at for at, _ in series.points]
    step = min((b - a for a, b in pairwise(times)), default=plot.span.step)
    width = max(1.5, (plot.x(plot.span.start + step) - plot.left) * 0.7)
    for at, value in series.points:
        if math.isfinite(value) and value > 0:
            y = plot.y(value)
            yield _box(plot.x(at) - width / 2, y, width, plot.y(0) - y, color)


def _stacked(series: list[Series]) -> list[Series]:
    """Return each one upon those before it."""
    below: dict[float, float] = {}
    found = []
    for one in series:
        points = [(at, below.get(at, 0.0) + value) for at, value in one.points if math.isfinite(value)]
        below.update(points)
        found.append(one._replace(points=points))
    return found


def _rule(plot: Plot, y: float, color: str, more: str = "") -> str:
    return f'<path d="M{plot.left:.1f} {y}H{plot.size.width - _RIGHT}" stroke="{color}"{more}/>'


def _box(x: float, y: float, width: float, height: float, color: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"/>'


def _text(x: float, y: float, text: str, anchor: str, color: str = colors.SOFT) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'


def _svg(size: Size, parts: list[str]) -> str:
    return f'<svg width="{size.width:.0f}" height="{size.height:.0f}">{"".join(parts)}</svg>'
