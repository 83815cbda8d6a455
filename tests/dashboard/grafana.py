"""The dashboard's file as Grafana reads it: its panels, and what they ask with the variables replaced."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.prometheus import Prometheus

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy/grafana/record-processor.json"
RULES = ROOT / "deploy/prometheus/record-processor.rules.yml"
JSON = dict[str, Any]
_LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")
_PLACEHOLDER = re.compile(r"\{\{ *(\w+) *\}\}")


class Span(NamedTuple):
    """What a dashboard shows, and how finely. In seconds."""

    start: float
    end: float
    step: float


class Series(NamedTuple):
    """A line of a panel: what its legend says, and its points (time, value)."""

    name: str
    points: list[tuple[float, float]]


def read() -> JSON:
    dashboard: JSON = json.loads(FILE.read_text())
    return dashboard


def panels(dashboard: JSON) -> Iterator[JSON]:
    """All that ask something, those in collapsed rows too."""
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", [])


def variables(dashboard: JSON) -> list[JSON]:
    """Those that are filled in with a question; the data source is not."""
    return [one for one in dashboard["templating"]["list"] if one["type"] == "query"]


def chosen(dashboard: JSON, prometheus: Prometheus) -> dict[str, str]:
    """Ask for the values of each variable, and choose all of them."""
    answers: dict[str, str] = {}
    for variable in variables(dashboard):
        match = _LABEL_VALUES.fullmatch(replaced(variable["query"]["query"], answers))
        assert match is not None, variable["name"]
        values = [re.escape(value) for value in prometheus.label_values(match[1], match[2])]
        assert values, f"${variable['name']} has no value"
        joined = f"({'|'.join(values)})" if len(values) > 1 else values[0]
        answers[variable["name"]] = joined.replace("\\", "\\\\")
    return answers


def rate_interval(step: float, scrape_seconds: float) -> str:
    """As wide as four scrapes at least, so that a rate has its two points even if a scrape fails."""
    return f"{max(step + scrape_seconds, 4 * scrape_seconds):.0f}s"


def replaced(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${name}", value)
    assert "$" not in text, text
    return text


def shown(prometheus: Prometheus, span: Span) -> dict[int, list[list[Series]]]:
    """Return what each panel shows, by its number and its targets."""
    dashboard = read()
    values = chosen(dashboard, prometheus)
    return {panel["id"]: _asked(panel, prometheus, values, span) for panel in panels(dashboard)}


def _asked(panel: JSON, prometheus: Prometheus, values: dict[str, str], span: Span) -> list[list[Series]]:
    span = of_panel(panel, span)
    known = {**values, "__rate_interval": rate_interval(span.step, prometheus.scrape_seconds)}
    return [_answers(target, replaced(target["expr"], known), prometheus, span) for target in panel["targets"]]


def of_panel(panel: JSON, span: Span) -> Span:
    """Return the span no more finely than the panel wants it."""
    return span._replace(step=max(span.step, 60.0 * float(panel.get("interval", "0m").removesuffix("m"))))


def _answers(target: JSON, expression: str, prometheus: Prometheus, span: Span) -> list[Series]:
    if target.get("instant"):
        found = [(one, [one["value"]]) for one in prometheus.value(expression, span.end)]
    else:
        found = [(one, one["values"]) for one in prometheus.values(expression, *span)]
    return [
        Series(_legend(target["legendFormat"], one["metric"]), [(float(at), float(value)) for at, value in points])
        for one, points in found
    ]


def _legend(form: str, labels: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: labels.get(match[1], ""), form).strip()
