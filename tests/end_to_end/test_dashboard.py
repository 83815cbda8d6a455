"""The dashboard and the alert rules, asked of a real Prometheus that scrapes a real worker: each of them has data."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.dashboard import grafana, shop
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.dashboard.grafana import Series
    from tests.dashboard.shop import Shop
    from tests.harness import Database

    Shown = dict[int, list[list[Series]]]

DASHBOARD = grafana.read()
PANELS = list(grafana.panels(DASHBOARD))
SCRAPE_SECONDS = 1
# Nothing but zeros is right there: this worker does not have the fault that they show.
QUIET = {
    "Crash loops": "its shard processes make progress",
    "Late leases": "its lease table takes every renewal",
    "Workers down": "it answers",
}
# What joins two conditions of a rule, and what compares within one.
JOINS = re.compile(r"\bor\b|\bunless on \([^)]*\)")
COMPARES = re.compile(r" (>|<|==) ")


@pytest.fixture(scope="module")
def running(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A worker to which everything has happened that the dashboard tells of, and Prometheus has seen it."""
    tables = [database.table(), database.table()]
    folder = tmp_path_factory.mktemp("dashboard")
    with shop.opened(database, folder, f"app-{tables[0]}", tables, SCRAPE_SECONDS) as opened:
        for kind in ("paid", "paid", "draft", "draft", "flaky", "flaky", "nowhere"):
            opened.write(kind)
        wait_for(lambda: opened.given_up() == 1, "a record is given up")
        opened.kill_a_shard_process()
        opened.worker.wait_for_event("shard.started", 5)
        opened.block()
        opened.worker.wait_for_event("delivery.blocked")
        wait_for(lambda: seen(opened), "Prometheus has seen it, and an alert fires")
        yield opened


def seen(running: Shop) -> bool:
    now = time.time()
    asked = (
        "record_processor_blocked_seconds > 1",
        "rate(record_processor_shard_process_restarts_total[10s]) > 0",
        "record_processor_cpu_cores",  # measured every few seconds
        "record_processor_jvm_gc_seconds_total",
        "ALERTS",
    )
    return all(running.prometheus.value(one, now) for one in asked)


@pytest.fixture(scope="module")
def shown(running: Shop) -> Shown:
    """What each panel shows of the last minute, by its targets."""
    return last_minute(running)


def last_minute(running: Shop) -> Shown:
    now = time.time()
    return grafana.shown(running.prometheus, grafana.Span(now - 60, now, SCRAPE_SECONDS))


def numbers(series: list[Series]) -> list[float]:
    return [value for one in series for _, value in one.points if value == value]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_expression_of_a_panel_has_data(panel: Any, shown: Shown) -> None:
    for target, series in zip(panel["targets"], shown[panel["id"]], strict=True):
        assert numbers(series), target["expr"]
    found = numbers([one for series in shown[panel["id"]] for one in series])
    assert any(found) != (panel["title"] in QUIET), QUIET.get(panel["title"], "something happened there")


def test_every_line_of_a_panel_has_a_name_of_its_own(shown: Shown) -> None:
    for panel in PANELS:
        if panel["type"] == "stat":
            continue
        names = [one.name for series in shown[panel["id"]] for one in series]
        assert "" not in names, panel["title"]
        assert len(set(names)) == len(names), (panel["title"], names)


def test_the_variables_choose_the_job_and_its_tables(running: Shop) -> None:
    values = grafana.chosen(DASHBOARD, running.prometheus)
    assert values["job"].replace("\\", "") == running.worker.application
    assert values["table"].count("|") == 1


def test_prometheus_evaluates_every_rule_and_one_fires(running: Shop) -> None:
    rules = {rule["name"]: rule for rule in running.prometheus.rules()}
    assert {name: rule.get("lastError") for name, rule in rules.items() if rule["health"] != "ok"} == {}
    (alert,) = rules["RecordProcessorDeadLetters"]["alerts"]
    assert alert["state"] == "firing"
    assert alert["labels"]["action"] == "mail"


def conditions() -> list[tuple[str, str]]:
    """Each condition of each rule, as a question that has a 0 or a 1 for every series that it looks at."""
    (group,) = yaml.safe_load(grafana.RULES.read_text())["groups"]
    return [
        (rule["alert"], COMPARES.sub(r" \1 bool ", condition).strip())
        for rule in group["rules"]
        for condition in JOINS.split(rule["expr"])
    ]


@pytest.mark.parametrize(("alert", "condition"), conditions())
def test_every_condition_of_a_rule_looks_at_something(running: Shop, alert: str, condition: str) -> None:
    assert " bool " in condition, f"{alert} compares nothing"
    assert running.prometheus.value(condition, time.time()), condition


def test_a_worker_that_is_gone_is_counted_as_down(running: Shop) -> None:
    """The last test: what it said of itself is gone with it."""
    (panel,) = [panel for panel in PANELS if panel["title"] == "Workers down"]
    running.worker.end()
    wait_for(lambda: numbers(last_minute(running)[panel["id"]][0]) == [1], "it is down")
