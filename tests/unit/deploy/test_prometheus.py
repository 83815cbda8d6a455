"""The alert rules: they are valid, do what they say, and name metrics that there are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from record_processor.host.metrics import catalogue
from tests.promtool import promtool as find_promtool

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy/prometheus"
RULES = FOLDER / "record-processor.rules.yml"
TESTS = FOLDER / "record-processor.test.yml"
METRIC = re.compile(r"\brecord_processor_\w+")
PARTS = ("", "_bucket", "_sum", "_count")


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


def test_alerts_name_metrics_that_are_exported() -> None:
    named = {name for text in alerts().values() for name in METRIC.findall(text)}
    assert named - exported() == set()
    assert len(named) > 8


@pytest.mark.parametrize("file", [RULES, TESTS])
def test_no_file_names_a_host_of_ours(file: Path) -> None:
    assert "http" not in file.read_text()
