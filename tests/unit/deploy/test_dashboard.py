"""The dashboard's file: Grafana can show it, and everything that it asks for is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.dashboard import grafana, page, units
from tests.dashboard.grafana import Series, Span
from tests.unit.deploy.test_prometheus import METRIC, PARTS, alerts, promtool

if TYPE_CHECKING:
    from pathlib import Path

DASHBOARD = grafana.read()
PANELS = list(grafana.panels(DASHBOARD))
ROWS = [panel for panel in DASHBOARD["panels"] if panel["type"] == "row"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
VARIABLES = {"job": ".*", "table": ".*", "__rate_interval": "5m"}
SPAN = Span(0, 600, 5)


def expressions() -> list[str]:
    return [target["expr"] for panel in PANELS for target in panel["targets"]]


def test_every_expression_is_valid(tmp_path: Path) -> None:
    asked = [grafana.replaced(expression, VARIABLES) for expression in expressions()]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    file = tmp_path / "dashboard.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_every_metric_that_it_asks_for_is_in_the_reference() -> None:
    reference = (grafana.ROOT / "docs/reference/metrics.md").read_text()
    known = {name + part for name in re.findall(r"^\| `(\w+)`", reference, re.MULTILINE) for part in PARTS}
    questions = [*expressions(), *(one["query"]["query"] for one in grafana.variables(DASHBOARD))]
    named = {name for question in questions for name in METRIC.findall(question)}
    assert named - known == set()
    assert len(named) > 30


def test_it_asks_for_what_the_alerts_are_about() -> None:
    """Whoever is told of an alert finds its figures here."""
    asked = {name for question in expressions() for name in METRIC.findall(question)}
    assert {name for question in alerts().values() for name in METRIC.findall(question)} - asked == set()


def test_every_panel_asks_the_data_source_that_was_chosen() -> None:
    (source,) = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "datasource"]
    assert (source["name"], source["query"]) == ("datasource", "prometheus")
    for one in (*PANELS, *(target for panel in PANELS for target in panel["targets"])):
        assert one["datasource"] == SOURCE, one
    for variable in grafana.variables(DASHBOARD):
        assert variable["datasource"] == SOURCE


def test_every_series_is_chosen_by_the_variables() -> None:
    for expression in expressions():
        for name, labels in re.findall(r"(\w+)\{([^}]*)\}", expression):
            assert 'job=~"$job"' in labels, expression
            of_table = name in reference_names("table")
            assert ('table=~"$table"' in labels) == of_table, expression


def reference_names(label: str) -> set[str]:
    """The metrics with a label."""
    lines = (grafana.ROOT / "docs/reference/metrics.md").read_text().splitlines()
    rows = [line.split("|") for line in lines if line.startswith("| `")]
    return {row[1].strip(" `") + part for row in rows if f"`{label}`" in row[3] for part in PARTS}


def test_panels_have_numbers_and_names_of_their_own() -> None:
    ids = [panel["id"] for panel in (*PANELS, *ROWS)]
    assert len(set(ids)) == len(ids)
    for panel in PANELS:
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs), panel["title"]
    names = [(panel["type"], panel["title"]) for panel in PANELS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("group", [DASHBOARD["panels"], *(row["panels"] for row in ROWS if row["collapsed"])])
def test_no_panel_lies_on_another_one(group: list[dict[str, Any]]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in group:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_a_closed_row_has_its_panels_and_an_open_one_is_followed_by_them() -> None:
    for row in ROWS:
        assert bool(row["panels"]) == row["collapsed"], row["title"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel['type']} {panel['title']}")
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert units.text(12.5, defaults["unit"])
    assert panel["title"]
    for target in panel["targets"]:
        assert bool(target["legendFormat"]) == (panel["type"] != "stat")
        assert bool(target.get("instant")) == (panel["type"] == "stat")


def test_the_first_panels_say_whether_anything_is_wrong() -> None:
    first = [panel["title"] for panel in PANELS[:9]]
    assert first[:4] == ["Lag", "Records trimmed in", "Blocked shards", "Dead letters, 24 h"]
    assert first[8] == "Alerts"


def test_its_picture_shows_every_open_panel_and_what_has_no_data() -> None:
    answers = {panel["id"]: [made_up(panel) for _ in panel["targets"]] for panel in PANELS}
    nothing = PANELS[8]
    html = page.page(DASHBOARD, {**answers, nothing["id"]: [[]]}, SPAN)
    for panel in DASHBOARD["panels"]:
        assert f"{panel['title']}" in html
    assert html.count("No alert") == 1
    assert "No data" not in html
    assert "&lt;Orders&gt; pay" in html
    html = page.page(DASHBOARD, answers, SPAN)
    assert "No alert" not in html
    assert "pending" in html and "firing" in html


def made_up(panel: dict[str, Any]) -> list[Series]:
    if panel["type"] == "stat":
        return [Series("", [(600.0, 1.0)])]
    if panel["type"] == "state-timeline":
        return [Series("<Orders> pay", [(at, 1 + (at > 300)) for at in range(100, 600, 5)])]
    return [Series("<Orders> pay", [(at, at % 7) for at in range(0, 600, 5)])]


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0, "s", "0 s"),
        (0.0123, "s", "12.3 ms"),
        (312, "s", "5.20 min"),
        (86113, "s", "23.9 hour"),
        (86400, "s", "1 day"),
        (20, "h", "20 hour"),
        (3, "short", "3"),
        (1234, "short", "1.23 K"),
        (5 << 20, "bytes", "5 MiB"),
        (2500, "Bps", "2.50 kB/s"),
        (0.004, "percentunit", "0.400%"),
        (12.34, "recps", "12.3 rec/s"),
    ],
)
def test_the_picture_writes_values_as_grafana_does(value: float, unit: str, said: str) -> None:
    assert units.text(value, unit) == said


def test_it_names_no_host_of_ours() -> None:
    assert "http" not in grafana.FILE.read_text()


def test_a_bar_is_a_minute_and_not_less() -> None:
    bars = [panel for panel in PANELS if panel["fieldConfig"]["defaults"].get("custom", {}).get("drawStyle") == "bars"]
    assert len(bars) == 4
    assert {panel["interval"] for panel in bars} == {"1m"}
