"""Lines, bars and bands over time, as SVG."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tests.dashboard import colors, grafana
from tests.dashboard.plot import BOTTOM, LETTER, RIGHT, TOP, Plot, of_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.dashboard.grafana import Series, Span
    from tests.dashboard.plot import Size


def time_series(series: list[Series], panel: dict[str, Any], span: Span, size: Size) -> str:
    """Return the chart of a panel of the type `timeseries`."""
    defaults = panel["fieldConfig"]["defaults"]
    custom = defaults["custom"]
    shown = _stacked(series) if custom["stacking"]["mode"] == "normal" else series
    plot, labels = of_values(shown, defaults, span, size)
    parts = [*_grid(plot, labels), *_clock(plot), *_limit_lines(plot, _limits(defaults))]
    for number, one in reversed(list(enumerate(shown))):
        color = colors.LINES[number % len(colors.LINES)]
        is_bars = custom["drawStyle"] == "bars"
        parts += (
            _bars(plot, one, color, grafana.of_panel(panel, span).step)
            if is_bars
            else _line(plot, one, color, custom["fillOpacity"] / 100)
        )
    return _svg(size, parts)


def bands(series: list[Series], panel: dict[str, Any], span: Span, size: Size) -> str:
    """Return the chart of a panel of the type `state-timeline`: a row for each series."""
    defaults = panel["fieldConfig"]["defaults"]
    words = {name: option["text"] for one in defaults["mappings"] for name, option in one["options"].items()}
    plot = Plot(size, 20 + LETTER * max(len(one.name) for one in series), span, 1)
    height = min(26.0, (size.height - TOP - BOTTOM) / len(series))
    parts = list(_clock(plot))
    for number, one in enumerate(series):
        y = TOP + number * height
        parts.append(_text(plot.left - 8, y + height / 2 + 4, one.name, "end"))
        for value, start, end in _runs(one, span.step):
            x, width = plot.x(start), max(2.0, plot.x(end) - plot.x(start))
            color = colors.of_value(value, defaults["thresholds"])
            parts.append(_box(x, y + 2, width, height - 4, color))
            word = words[f"{value:.0f}"]
            if width > LETTER * len(word) + 10:
                parts.append(_text(x + 6, y + height / 2 + 4, word, "start", "#fff"))
    return _svg(size, parts)


def _runs(series: Series, step: float) -> Iterator[tuple[float, float, float]]:
    """Yield each value with the time from when until when it was had; between them are gaps."""
    for (_, value), run in groupby(
        enumerate(series.points), key=lambda one: (round(one[1][0] / step) - one[0], one[1][1])
    ):
        points = [point for _, point in run]
        yield value, points[0][0], points[-1][0] + step


def _limits(defaults: dict[str, Any]) -> list[float]:
    """Return the values at which a panel draws a line."""
    if "thresholdsStyle" not in defaults["custom"]:
        return []
    return [step["value"] for step in defaults["thresholds"]["steps"] if step["value"] is not None]


def _grid(plot: Plot, labels: dict[float, str]) -> Iterator[str]:
    for tick, label in labels.items():
        yield _rule(plot, plot.y(tick), colors.GRID)
        yield _text(plot.left - 6, plot.y(tick) + 4, label, "end")


def _clock(plot: Plot) -> Iterator[str]:
    for at, distance in plot.times():
        yield f'<path d="M{plot.x(at)} {TOP}V{plot.size.height - BOTTOM}" stroke="{colors.GRID}"/>'
        yield _text(plot.x(at), plot.size.height - 5, _at(at, distance), "middle")


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
            floor = plot.size.height - BOTTOM
            if opacity:
                yield f'<path d="M{points[0][0]} {floor}L{path}V{floor}Z" fill="{color}" opacity="{opacity}"/>'
            yield f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="1.5"/>'


def _bars(plot: Plot, series: Series, color: str, step: float) -> Iterator[str]:
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
    return f'<path d="M{plot.left:.1f} {y}H{plot.size.width - RIGHT}" stroke="{color}"{more}/>'


def _box(x: float, y: float, width: float, height: float, color: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"/>'


def _text(x: float, y: float, text: str, anchor: str, color: str = colors.SOFT) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'


def _svg(size: Size, parts: list[str]) -> str:
    return f'<svg width="{size.width:.0f}" height="{size.height:.0f}">{"".join(parts)}</svg>'
