"""The lines from which CloudWatch makes metrics: valid, and what was added since the lines before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import validate

from record_processor.config.properties import read_properties
from record_processor.delivery.shard_report import CALL_SECONDS, RECEIVED
from record_processor.errors import InvalidConfigError
from record_processor.host.metrics import catalogue
from record_processor.host.metrics.collecting import samples
from record_processor.host.metrics.emf import EmfLines
from record_processor.host.metrics.exposition import Sample
from tests.unit.host.metrics.builders import TABLE, figures, shard, who

if TYPE_CHECKING:
    from pathlib import Path

# As the specification of the format has it, as far as it concerns these lines.
SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": {"type": "string", "minLength": 1, "maxLength": 1024},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "array", "maxItems": 30, "items": {"type": "string", "minLength": 1}},
                            },
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {
                                        "Name": {"type": "string", "minLength": 1, "maxLength": 1024},
                                        "Unit": {"enum": ["Seconds", "Bytes", "Count"]},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}


def of_action(lines: list[dict[str, Any]]) -> dict[str, Any]:
    (line,) = [line for line in lines if "action" in line]
    return line


def test_every_line_is_valid_and_has_what_it_names(tmp_path: Path) -> None:
    report = shard(tmp_path)
    CALL_SECONDS.add(report.counters("pay").numbers, 0.3)
    lines = EmfLines("orders").lines(samples(figures(tmp_path), who(), per_shard=False), time.time())
    assert len(lines) > 3
    for line in lines:
        validate(line, SCHEMA)
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert {*directive["Dimensions"][0]} <= line.keys()
        for name in (one["Name"] for one in directive["Metrics"]):
            value = line[name]
            assert isinstance(value, (int, float)) or len(value["Values"]) == len(value["Counts"]) > 0
        assert line["application"] == "orders"
        assert not {"area", "collector"} & line.keys()
    assert of_action(lines)["table"] == TABLE


def test_counters_and_histograms_are_what_was_added(tmp_path: Path) -> None:
    report, emf = shard(tmp_path), EmfLines("orders")
    numbers = report.counters("pay").numbers

    def told() -> dict[str, Any]:
        return of_action(emf.lines(samples(figures(tmp_path), who(), per_shard=False), time.time()))

    numbers[RECEIVED] += 5
    CALL_SECONDS.add(numbers, 0.2)
    CALL_SECONDS.add(numbers, 59.0)
    CALL_SECONDS.add(numbers, 99.0)
    first = told()
    assert (first["records_received"], first["call_seconds"]) == (5, {"Values": [0.25, 60.0], "Counts": [1, 2]})
    numbers[RECEIVED] += 2
    CALL_SECONDS.add(numbers, 0.2)
    second = told()
    assert (second["records_received"], second["call_seconds"]) == (2, {"Values": [0.25], "Counts": [1]})
    third = told()
    assert (third["records_received"], "call_seconds" in third) == (0, False)


def test_a_counter_that_began_again_has_added_what_it_has() -> None:
    emf = EmfLines("orders")
    told = [emf.lines([Sample(catalogue.LEASES_LOST, value)], time.time())[0]["leases_lost"] for value in (5, 7, 3, 3)]
    assert told == [5, 2, 3, 0]


def test_a_reason_for_which_nothing_was_restarted_is_no_metric_that_is_paid_for() -> None:
    emf, labels = EmfLines("orders"), (TABLE, "killed")
    told = [emf.lines([Sample(catalogue.RESTARTS, value, labels)], time.time()) for value in (0, 2, 2)]
    assert [[line["shard_process_restarts"] for line in lines] for lines in told] == [[], [2], []]


@pytest.mark.parametrize(
    ("more", "missing"), [("", "logFormat = json, found 'text'"), ("logFormat=json\nlogLevel=error", "logLevel")]
)
def test_metrics_in_the_log_need_a_log_that_cloudwatch_can_read(tmp_path: Path, more: str, missing: str) -> None:
    file = tmp_path / "worker.properties"
    file.write_text(f"applicationName=a\nstreamName=T\nregionName=us-east-1\nmetricsFormat=emf\n{more}\n")
    with pytest.raises(InvalidConfigError) as refused:
        read_properties(file, [], {})
    assert f"{file}:4" in str(refused.value)
    assert missing in str(refused.value)
    assert read_properties(file, ["logFormat=json", "logLevel=info"], {}).monitoring is not None
