"""The dashboard as one page: each panel where the file has it, with what Prometheus answered."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from html import escape
from typing import TYPE_CHECKING, Any

from tests.dashboard import charts, colors, units
from tests.dashboard.plot import Size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.dashboard.grafana import Series, Span

WIDTH = 1400
_COLUMNS, _ROW_PIXELS, _GAP, _EDGE, _HEADER = 24, 30, 8, 16, 52
_TITLE, _LEGEND, _LETTER, _MARK = 30, 20, 7.3, 31
_STYLE = f"""
body {{ margin: 0; background: {colors.GROUND}; color: {colors.TEXT}; font: 12px "DejaVu Sans", sans-serif; }}
header {{ position: absolute; left: {_EDGE}px; right: {_EDGE}px; top: 14px; display: flex; gap: 10px; align-items: center; }}
header b {{ font-size: 17px; margin-right: 10px; }}
header span {{ border: 1px solid {colors.BORDER}; background: {colors.PANEL}; border-radius: 2px; padding: 4px 10px; }}
header i {{ font-style: normal; color: {colors.SOFT}; }}
header .span {{ margin-left: auto; }}
section {{ position: absolute; box-sizing: border-box; background: {colors.PANEL}; border: 1px solid {colors.BORDER};
  border-radius: 2px; overflow: hidden; }}
h2 {{ margin: 0; font-size: 12.5px; font-weight: 600; padding: 8px 10px 0; height: {_TITLE - 8}px; box-sizing: border-box; white-space: nowrap; }}
.row {{ position: absolute; font-size: 15px; font-weight: 600; padding-top: 7px; }}
.row i {{ font-style: normal; font-weight: 400; font-size: 12px; color: {colors.SOFT}; }}
.value {{ text-align: center; font-weight: 600; color: #fff; line-height: 70px; white-space: nowrap; }}
.none {{ color: {colors.SOFT}; text-align: center; padding-top: 20px; }}
.legend {{ padding: 0 10px; display: flex; flex-wrap: wrap; line-height: {_LEGEND}px; }}
.legend b {{ display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin: 0 5px 2px 0; }}
.legend span {{ margin-right: 12px; }}
svg {{ display: block; }} svg text {{ font-size: 11px; }}
"""  # noqa: E501


def page(dashboard: dict[str, Any], answers: Mapping[int, list[list[Series]]], span: Span) -> str:
    """Return HTML; `answers` has what the targets of each panel answered, by the number of the panel."""
    drawn = (
        _row(panel) if panel["type"] == "row" else _panel(panel, answers[panel["id"]], span)
        for panel in dashboard["panels"]
    )
    head = f"<!doctype html><meta charset=utf-8><title>{escape(dashboard['title'])}</title><style>{_STYLE}</style>"
    return f"{head}<body style='height:{height(dashboard)}px'>{_header(dashboard, span)}{''.join(drawn)}"


def height(dashboard: dict[str, Any]) -> int:
    """Return how high the page is, in pixels."""
    end: int = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in dashboard["panels"])
    return _HEADER + end * (_ROW_PIXELS + _GAP) + _GAP


def _header(dashboard: dict[str, Any], span: Span) -> str:
    names = [one["label"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    chosen = "".join(f"<span><i>{escape(name)}</i>&ensp;All</span>" for name in names)
    start, end = (datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M") for at in span[:2])
    return f"<header><b>{escape(dashboard['title'])}</b>{chosen}<span class=span>{start} to {end[11:]}</span></header>"


def _place(panel: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return left, top, width and height in pixels."""
    at = panel["gridPos"]
    column = (WIDTH - 2 * _EDGE - (_COLUMNS - 1) * _GAP) / _COLUMNS
    left, top = _EDGE + at["x"] * (column + _GAP), _HEADER + at["y"] * (_ROW_PIXELS + _GAP)
    return left, top, at["w"] * (column + _GAP) - _GAP, at["h"] * (_ROW_PIXELS + _GAP) - _GAP


def _row(row: dict[str, Any]) -> str:
    left, top, *_ = _place(row)
    mark, more = ("\u203a", f" <i>({len(row['panels'])} panels)</i>") if row["collapsed"] else ("⌄", "")
    return f'<div class=row style="left:{left:.0f}px;top:{top:.0f}px">{mark} {escape(row["title"])}{more}</div>'


def _panel(panel: dict[str, Any], answers: list[list[Series]], span: Span) -> str:
    left, top, width, height_ = _place(panel)
    series = [one for answer in answers for one in answer]
    inside = Size(width - 2, height_ - _TITLE - 2)
    ground, content = _CONTENTS[panel["type"]](panel, series, span, inside) if series else ("", _nothing(panel))
    style = f"left:{left:.1f}px;top:{top:.1f}px;width:{width:.1f}px;height:{height_:.1f}px;{ground}"
    return f'<section style="{style}"><h2>{escape(panel["title"])}</h2>{content}</section>'


def _nothing(panel: dict[str, Any]) -> str:
    return f"<div class=none>{escape(panel['fieldConfig']['defaults'].get('noValue', 'No data'))}</div>"


def _stat(panel: dict[str, Any], series: list[Series], span: Span, size: Size) -> tuple[str, str]:
    del span
    defaults = panel["fieldConfig"]["defaults"]
    (one,) = series
    value = one.points[-1][1]
    text = _mapped(value, defaults["mappings"]) or units.text(value, defaults["unit"], defaults.get("decimals"))
    color = colors.of_value(value, defaults["thresholds"])
    font = min(30, size.width / len(text) * 1.45)
    value_ = f'<div class=value style="font-size:{font:.0f}px">{escape(text)}</div>'
    return f"background:{color};border-color:{color}", value_


def _mapped(value: float, mappings: list[dict[str, Any]]) -> str:
    for mapping in mappings:
        options = mapping["options"]
        if mapping["type"] == "value" and f"{value:g}" in options:
            return str(options[f"{value:g}"]["text"])
        if mapping["type"] == "range" and value >= options["from"]:
            return str(options["result"]["text"])
    return ""


def _lines(panel: dict[str, Any], series: list[Series], span: Span, size: Size) -> tuple[str, str]:
    width = sum(_LETTER * len(one.name) + _MARK for one in series)
    legend = _LEGEND * math.ceil(width / (size.width - _MARK))
    chart = charts.time_series(series, panel, span, Size(size.width, size.height - legend))
    named = "".join(
        f'<span><b style="background:{colors.LINES[number % len(colors.LINES)]}"></b>{escape(one.name)}</span>'
        for number, one in enumerate(series)
    )
    return "", f"{chart}<div class=legend>{named}</div>"


def _bands(panel: dict[str, Any], series: list[Series], span: Span, size: Size) -> tuple[str, str]:
    return "", charts.bands(series, panel, span, size)


_CONTENTS = {"stat": _stat, "timeseries": _lines, "state-timeline": _bands}
