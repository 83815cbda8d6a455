"""The alert rules and the dashboard: they are valid, do what they say, and name metrics that there are."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from record_processor.host.metrics import catalogue
from tests.promtool import promtool as find_promtool

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy/prometheus"
RULES = FOLDER / "record-processor.rules.yml"
TESTS = FOLDER / "record-processor.test.yml"
DASHBOARD = ROOT / "deploy/grafana/record-processor.json"
METRIC = re.compile(r"\brecord_processor_\w+")
PARTS = ("", "_bucket", "_sum", "_count")
# What Grafana replaces before it asks Prometheus.
GRAFANAS = {"$__rate_interval": "5m", "$job": ".*", "$table": ".*"}


def promtool(*arguments: str) -> None:
    answer = subprocess.run([find_promtool(), *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def exported() -> set[str]:
    return {
        metric.name + part
        for metric in catalogue.ALL
        for part in (PARTS[1:] if metric.kind == "histogram" else PARTS[:1])
    }


def alerts() -> dict[str, str]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def expressions() -> Iterator[str]:
    for panel in panels():
        for target in panel.get("targets", []):
            yield target["expr"]


def test_the_rules_are_valid() -> None:
    promtool("check", "rules", RULES.name)


def test_the_rules_fire_when_they_should_and_not_otherwise() -> None:
    promtool("test", "rules", TESTS.name)


def test_every_alert_has_a_test_in_which_it_fires() -> None:
    cases = [one for test in yaml.safe_load(TESTS.read_text())["tests"] for one in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == set(alerts())


def test_every_alert_is_explained() -> None:
    text = (ROOT / "docs/how-to/monitor.md").read_text()
    assert [name for name in alerts() if f"`{name}`" not in text] == []


def test_alerts_and_dashboard_name_metrics_that_are_exported() -> None:
    variables = [one["definition"] for one in json.loads(DASHBOARD.read_text())["templating"]["list"][1:]]
    named = {name for text in (*alerts().values(), *expressions(), *variables) for name in METRIC.findall(text)}
    assert named - exported() == set()
    assert len(named) > 30


def test_every_expression_of_the_dashboard_is_valid(tmp_path: Path) -> None:
    rules = []
    for number, expression in enumerate(expressions()):
        for name, value in GRAFANAS.items():
            expression = expression.replace(name, value)
        assert "$" not in expression
        rules.append({"record": f"panel:{number}", "expr": expression})
    file = tmp_path / "dashboard.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_the_panels_of_the_dashboard_have_places_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("file", [RULES, TESTS, DASHBOARD])
def test_no_file_names_a_host_of_ours(file: Path) -> None:
    assert "http" not in file.read_text()
