"""When a worker writes its report, and what it costs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from record_processor.delivery.shard_report import ShardReport, Snapshot
from record_processor.fleet.worker_report import WorkerReport, item_of, key_of, reports_in
from record_processor.host import left_reports, worker_reporter
from record_processor.host.leader_rounds import LeaderRounds
from record_processor.host.process_usage import ProcessUsage
from record_processor.host.shard_reports import ShardReports
from record_processor.host.trim_watch import TrimWatch
from record_processor.host.worker_reporter import Place, WorkerReporter, look_seconds
from record_processor.records.stream import Shard
from tests.builders import STREAM
from tests.harness import wait_for
from tests.unit.fleet.builders import NOW, figures, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Table:
    """The coordinator table, as far as reports need it."""

    def __init__(self) -> None:
        self.items: dict[str, Any] = {}
        self.written: list[WorkerReport] = []
        self.is_away = False
        self.exceptions = type("", (), {"ResourceNotFoundException": KeyError})

    def put_item(self, TableName: str, Item: dict[str, Any]) -> dict[str, Any]:  # noqa: N803, ARG002
        if self.is_away:
            raise EndpointConnectionError(endpoint_url="http://nowhere")
        self.items[Item["key"]["S"]] = Item
        self.written += reports_in([Item])
        return {}

    def delete_item(self, TableName: str, Key: dict[str, Any]) -> None:  # noqa: N803, ARG002
        self.items.pop(Key["key"]["S"], None)

    def scan(self, **_page: Any) -> dict[str, Any]:
        return {"Items": list(self.items.values())}


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def reporter(table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerReporter]:
    monkeypatch.setattr(worker_reporter, "_SHORTEST_SECONDS", 0.01)
    place = Place(lambda: table, "t", 0.02, has_shard_reports=True)
    rounds = LeaderRounds(lambda: False, [])
    made = WorkerReporter(place, "me", 5.0, os.getpid(), ShardReports(tmp_path), TrimWatch(0), rounds)
    yield made
    made.stop()


@pytest.mark.parametrize(("interval", "look"), [(0, 1), (0.001, 0.1), (1, 1), (1.5, 0.75), (2, 1), (7, 1), (10, 1)])
def test_a_report_is_due_at_a_look(interval: float, look: float) -> None:
    assert look_seconds(interval) == look


def test_a_report_in_which_nothing_has_happened_is_not_written_again(
    table: Table, reporter: WorkerReporter, tmp_path: Path
) -> None:
    assert reporter
    wait_for(lambda: table.written, "the first report", 5)
    (tmp_path / "trials-1").touch()
    shard = ShardReport(tmp_path / "report-1", Shard("s-1", STREAM), ["pay"])
    for number in range(5):
        shard.write(Snapshot(at=time.time(), pending=1))
        wait_for(lambda: len(table.written) >= 2, f"the second report {number}", 5)
    assert len(table.written) == 2
    shard.write(Snapshot(at=time.time(), pending=2))
    wait_for(lambda: len(table.written) == 3, "something has happened", 5)
    assert [[one.pending for one in said.shards] for said in table.written] == [[], [1], [2]]


def test_an_unchanged_report_is_written_now_and_then(
    table: Table, reporter: WorkerReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reporter
    monkeypatch.setattr(worker_reporter, "UNCHANGED_SECONDS", 0.05)
    wait_for(lambda: len(table.written) >= 3, "the worker lives", 5)


def test_a_worker_that_stops_takes_its_report_back(table: Table, reporter: WorkerReporter) -> None:
    wait_for(lambda: table.items, "the first report", 5)
    assert key_of("me")["key"]["S"] in table.items
    reporter.stop()
    assert table.items == {}


def test_a_table_that_is_away_is_said_once_and_written_again_when_it_is_back(
    table: Table, reporter: WorkerReporter, caplog: pytest.LogCaptureFixture
) -> None:
    table.is_away = True
    wait_for(lambda: "cannot write this worker's report to table t" in caplog.text, "it says so", 5)
    table.is_away = False
    wait_for(lambda: table.written, "it is back", 5)
    assert reporter
    assert len([one for one in caplog.records if "cannot write" in one.message]) == 1


def test_the_usage_is_that_of_this_process_at_least() -> None:
    usage = ProcessUsage()
    assert usage.look(os.getpid()).cpu_cores is None
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    cores, memory_bytes = usage.look(os.getpid())
    assert 0 < (cores or 0) < 100
    assert (memory_bytes or 0) > 5 << 20


def test_reports_that_killed_workers_left_are_removed_after_an_hour(table: Table) -> None:
    for said in (report(worker_id="old", at=NOW - 3601), report(worker_id="new", at=NOW - 3599)):
        table.put_item("t", item_of(said))
    table.items["Leader"] = {"key": {"S": "Leader"}}
    left_reports.remove(table, "t", NOW)
    assert sorted(table.items) == ["Leader", "record-processor-worker-new"]


def test_a_report_of_64_shards_takes_a_few_write_units() -> None:
    shards = [
        figures(done_up_to=f"{number:025}", saved_at=NOW + number, pending=number, records_per_second=0.1 * number)
        for number in range(64)
    ]
    item = item_of(report(*shards))
    assert reports_in([item]) == [report(*shards)]
    assert len(item["report"]["B"]) < 4096


@pytest.mark.parametrize("text", [b"", b"x", b"x\x9c", "text", None])
def test_what_is_no_report_is_left_out(text: Any) -> None:
    good = item_of(report())
    bad = {**key_of("other"), "report": {"B": text}}
    assert reports_in([bad, {**key_of("third")}, {"key": {"S": "Leader"}}, {}, good]) == [report()]


def test_rounds_are_the_leaders_and_a_table_that_is_away_ends_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("record_processor.host.leader_rounds.ROUND_SECONDS", 0.0)
    ran: list[str] = []
    LeaderRounds(lambda: False, [lambda: ran.append("no")]).run_if_due()
    LeaderRounds(lambda: True, [lambda: ran.append("one"), lambda: ran.append("two")]).run_if_due()
    assert ran == ["one", "two"]
