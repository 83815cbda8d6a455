"""What a scraper is told: true, complete, valid, and not too much of it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from record_processor.delivery.blocks import Block
from record_processor.delivery.shard_report import (
    CALL_SECONDS,
    CHECKPOINT_FAILURES,
    DELIVERED,
    HISTOGRAMS,
    RECEIVED,
    SHARD_COUNTERS,
)
from record_processor.host.metrics import catalogue, exposition
from record_processor.host.metrics.collecting import samples
from record_processor.host.metrics.exposition import Metric, Sample
from record_processor.host.metrics.jvm_report import Restarted
from record_processor.host.metrics.reference import table as reference_table
from tests.promtool import promtool as find_promtool
from tests.unit.host.metrics.builders import TABLE, figures, jvm, shard, who

if TYPE_CHECKING:
    from record_processor.host.metrics.figures import Figures

ROOT = Path(__file__).parents[4]
ACTIONS = ("a", "b", "c", "d", "e")


def text(found: Figures, *actions: str, per_shard: bool = False) -> str:
    return exposition.text(samples(found, who(*actions), per_shard))


def value(told: str, series: str) -> float:
    """The value of one series, as it is written."""
    (line,) = [line for line in told.splitlines() if line.rpartition(" ")[0] == f"record_processor_{series}"]
    return float(line.rpartition(" ")[2])


def checked(told: str) -> str:
    """What promtool has against it."""
    answer = subprocess.run(
        [find_promtool(), "check", "metrics"], input=told, capture_output=True, text=True, check=False
    )
    return answer.stdout + answer.stderr


def series(told: str) -> list[str]:
    return [line for line in told.splitlines() if not line.startswith("#")]


def test_a_worker_with_64_shards_and_5_actions_has_at_most_300_series_and_promtool_likes_them(tmp_path: Path) -> None:
    for number in range(64):
        shard(tmp_path, number, ACTIONS, pending=1, oldest_at=time.time() - number)
    told = text(figures(tmp_path), *ACTIONS)
    assert len(series(told)) <= 300
    assert "s-1" not in told
    assert checked(told) == ""


def test_restarts_begin_at_zero_so_that_the_first_one_is_a_rise(tmp_path: Path) -> None:
    killed = f'shard_process_restarts_total{{table="{TABLE}",reason="killed"}}'
    assert value(text(figures(tmp_path, jvm=jvm(restarts=[]))), killed) == 0
    told = text(figures(tmp_path, jvm=jvm(restarts=[Restarted(TABLE, "killed", 1)])))
    assert value(told, killed) == 1
    assert value(told, killed.replace("killed", "defect")) == 0


def test_metrics_of_each_shard_are_there_if_they_are_asked_for_and_promtool_likes_them(tmp_path: Path) -> None:
    for number in range(64):
        shard(tmp_path, number, pending=number, restarts=number)
    told = text(figures(tmp_path), per_shard=True)
    assert value(told, f'shard_pending_records{{table="{TABLE}",shard="s-7"}}') == 7
    assert value(told, f'shard_restarts{{table="{TABLE}",shard="s-7"}}') == 7
    assert len(series(told)) <= 300 + 64 * 5
    assert checked(told) == ""


def test_every_metric_is_exported_and_no_other(tmp_path: Path) -> None:
    shard(tmp_path)
    told = {one.metric for one in samples(figures(tmp_path), who(), per_shard=True)}
    assert told == set(catalogue.ALL)
    names = [metric.name for metric in catalogue.ALL]
    assert len(names) == len(set(names))


def test_the_names_are_as_prometheus_has_them() -> None:
    for metric in catalogue.ALL:
        assert metric.name.startswith("record_processor_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.help.endswith(".")


def test_the_lists_of_a_shards_report_have_a_metric_each() -> None:
    assert [metric.name.rpartition("record_processor_")[2] for metric in catalogue.COUNTED_OF_SHARDS] == [
        f"{name}_total" for name in SHARD_COUNTERS
    ]
    assert len(catalogue.DISTRIBUTED) == len(HISTOGRAMS)
    assert len(catalogue.COUNTED) == CALL_SECONDS.at


def test_the_counters_of_all_shards_are_added_up(tmp_path: Path) -> None:
    for number in (1, 2):
        report = shard(tmp_path, number)
        report.counters("pay").numbers[RECEIVED] += 5
        report.counters("pay").numbers[DELIVERED] += 3
        report.of_shard.numbers[CHECKPOINT_FAILURES] += 1
        CALL_SECONDS.add(report.counters("pay").numbers, 0.3)
    told = text(figures(tmp_path))
    labels = f'{{table="{TABLE}",action="pay"}}'
    assert (value(told, f"records_received_total{labels}"), value(told, f"records_delivered_total{labels}")) == (10, 6)
    assert value(told, f'checkpoint_failures_total{{table="{TABLE}"}}') == 2
    assert value(told, f'call_seconds_bucket{{table="{TABLE}",action="pay",le="0.25"}}') == 0
    assert value(told, f'call_seconds_bucket{{table="{TABLE}",action="pay",le="0.5"}}') == 2
    assert value(told, f'call_seconds_bucket{{table="{TABLE}",action="pay",le="+Inf"}}') == 2
    assert value(told, f"call_seconds_sum{labels}") == pytest.approx(0.6)
    assert value(told, f"call_seconds_count{labels}") == 2


def test_what_is_blocked_pending_and_unsaved_is_that_of_the_worst_shard(tmp_path: Path) -> None:
    now = time.time()
    block = Block("pay", "it is down", "7", since=now - 50)
    shard(tmp_path, 1, pending=2, pending_bytes=20, oldest_at=now - 60, unsaved_since=now - 70, blocks=[block])
    shard(tmp_path, 2, pending=3, pending_bytes=30, oldest_at=now - 10, has_caught_up=True)
    told = text(figures(tmp_path))
    of_table = f'{{table="{TABLE}"}}'
    assert value(told, f'blocked_seconds{{table="{TABLE}",action="pay"}}') == pytest.approx(50, abs=3)
    assert value(told, f"lag_seconds{of_table}") == pytest.approx(60, abs=3)
    assert value(told, f"trimmed_in_seconds{of_table}") == pytest.approx(24 * 3600 - 60, abs=3)
    assert value(told, f"checkpoint_age_seconds{of_table}") == pytest.approx(70, abs=3)
    assert (value(told, f"pending_records{of_table}"), value(told, f"pending_bytes{of_table}")) == (5, 50)
    assert (value(told, f"shards{of_table}"), value(told, f"blocked_shards{of_table}")) == (2, 1)


def test_a_worker_without_shards_has_counters_at_zero_and_says_nothing_of_lag(tmp_path: Path) -> None:
    told = text(figures(tmp_path))
    assert value(told, f'records_received_total{{table="{TABLE}",action="pay"}}') == 0
    assert value(told, f'shards{{table="{TABLE}"}}') == 0
    assert "lag_seconds" not in told


def test_a_jvm_that_says_nothing_does_not_lead(tmp_path: Path) -> None:
    leads = 'leader{application="orders"}'
    assert (value(text(figures(tmp_path)), leads), value(text(figures(tmp_path)), "jvm_up")) == (1, 1)
    silent = text(figures(tmp_path, jvm=jvm(at=time.time() - 60)))
    assert (value(silent, leads), value(silent, "jvm_up")) == (0, 0)
    assert value(text(figures(tmp_path, jvm=None)), "jvm_up") == 0


def test_text_of_others_is_escaped() -> None:
    metric = Metric("m", "gauge", 'A "help" with \\ and\na line.', ("label",))
    told = exposition.text([Sample(metric, 1.5, ('a "b" \\ c\nd',))])
    assert told == '# HELP m A "help" with \\\\ and\\na line.\n# TYPE m gauge\nm{label="a \\"b\\" \\\\ c\\nd"} 1.5\n'


def test_the_reference_has_every_metric() -> None:
    assert reference_table() in (ROOT / "docs/reference/metrics.md").read_text()
