"""What a shard's process leaves for others to read: true at any moment, and continued by the next process."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.delivery import backoff, shard_report
from record_processor.delivery.blocks import Block, Blocks, Skipped
from record_processor.delivery.shard_report import (
    COUNTERS,
    DELIVERED,
    DELIVERED_BYTES,
    RECEIVED,
    Header,
    ShardReport,
    Snapshot,
)
from record_processor.plugin.settings import Batch, Retry
from record_processor.records.stream import Shard
from tests.builders import ARN, STREAM, LeaseMemory
from tests.harness import wait_for
from tests.unit.delivery.test_shard_delivery import Calls, dead, fail_on, opened, records

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.delivery.histograms import Distribution


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.001)
    monkeypatch.setattr(backoff, "LONGEST_SECONDS", 0.01)


SHARD = Shard("shardId-1", STREAM)
BLOCK = Block("pay", "it is down", "7", since=1.5, attempts=2, next_try=3.5)


def content(path: Path) -> shard_report.Content:
    found = shard_report.read(path)
    assert found is not None
    return found


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report-1"
    report = ShardReport(path, SHARD, ["pay", "log"], restarts=2)
    report.counters("pay").numbers[RECEIVED] += 3
    report.counters("log").numbers[DELIVERED_BYTES] += 1 << 40
    snapshot = Snapshot(at=9.5, done_up_to="6", oldest_at=1.25, pending=4, blocks=[BLOCK])
    report.write(snapshot)
    found = content(path)
    header = found.header
    assert isinstance(header, Header)
    assert (header.stream_arn, header.shard_id, header.restarts) == (ARN, "shardId-1", 2)
    assert header.process_id == os.getpid()
    assert found.counters == {"pay": (3, *[0] * 6), "log": (0, 0, 0, 1 << 40, 0, 0, 0)}
    assert found.snapshot == snapshot


def test_the_next_process_for_the_shard_goes_on_counting(tmp_path: Path) -> None:
    path = tmp_path / "report-1"
    first = ShardReport(path, SHARD, ["pay", "gone"])
    first.counters("pay").numbers[DELIVERED] += 5
    first.write(Snapshot(at=9.5, done=5, done_up_to="6", oldest_at=1.25))
    second = ShardReport(path, SHARD, ["new", "pay"], restarts=1)
    second.counters("pay").numbers[DELIVERED] += 1
    first.counters("pay").numbers[DELIVERED] += 100  # it is dead, and if not, has nothing more to say
    found = content(path)
    assert (found.counters["pay"][DELIVERED], found.counters["new"][DELIVERED]) == (6, 0)
    assert (found.snapshot.done_up_to, found.snapshot.oldest_at, found.snapshot.done) == ("6", 1.25, 0)


def test_the_next_process_remembers_what_was_skipped(tmp_path: Path) -> None:
    path = tmp_path / "report-1"
    before = Skipped("pay", "7", "dead.jsonl")
    ShardReport(path, SHARD, ["pay"]).write(Snapshot(at=1.0, skipped=[before]))
    report = ShardReport(path, SHARD, ["pay"])
    report.blocks.add_skipped("pay", "8", "dead.jsonl")
    assert report.blocks.skipped() == [before, Skipped("pay", "8", "dead.jsonl")]


def test_another_shard_with_the_same_file_begins_at_nothing(tmp_path: Path) -> None:
    path = tmp_path / "report-1"
    ShardReport(path, SHARD, ["pay"]).counters("pay").numbers[DELIVERED] += 5
    ShardReport(path, Shard("shardId-2", STREAM), ["pay"])
    assert content(path).counters["pay"][DELIVERED] == 0


@pytest.mark.parametrize("text", [b"", b"RPSHARD1", b"RPSHARD1" + b"\xff" * 64, b"something else" * 99])
def test_a_file_that_is_no_report_says_nothing(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "report-1"
    path.write_bytes(text)
    assert shard_report.read(path) is None
    assert shard_report.read(tmp_path / "absent") is None
    assert ShardReport(path, SHARD, ["pay"]).counters("pay").numbers[DELIVERED] == 0


def test_half_a_snapshot_is_none(tmp_path: Path) -> None:
    path = tmp_path / "report-1"
    report = ShardReport(path, SHARD, ["pay"])
    report.write(Snapshot(at=9.5, done_up_to="123456"))
    text = path.read_bytes()
    at = text.rindex(b"123456")
    path.write_bytes(text[:at] + b"1234" + text[at + 4 :])
    assert content(path).snapshot.done_up_to == "123456"
    path.write_bytes(text[:at] + b"9999" + text[at + 4 :])
    assert content(path).snapshot == Snapshot()


def test_a_snapshot_that_is_too_large_leaves_out_what_blocks(tmp_path: Path) -> None:
    path = tmp_path / "report-1"
    large = Block("pay", "x" * 20_000, "7", since=1.5)
    ShardReport(path, SHARD, ["pay"]).write(Snapshot(at=9.5, pending=2, blocks=[large]))
    assert content(path).snapshot == Snapshot(at=9.5, pending=2)


def test_a_forked_process_counts_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "report-1"
    report = ShardReport(path, SHARD, ["pay"])
    report.write(Snapshot(at=1.0))
    report.detach()
    report.counters("pay").numbers[DELIVERED] += 1
    report.write(Snapshot(at=2.0))
    assert (content(path).counters["pay"][DELIVERED], content(path).snapshot.at) == (0, 1.0)


def test_a_folder_that_cannot_be_written_costs_the_report_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    report = ShardReport(tmp_path / "absent" / "report-1", SHARD, ["pay"])
    report.counters("pay").numbers[DELIVERED] += 1
    assert "this shard is not reported" in caplog.text


def test_the_counters_say_what_became_of_the_records(tmp_path: Path) -> None:
    nothing = Calls(name="nothing", filter={"eventName": ["REMOVE"]})
    some = Calls(fail_on("2"), name="some", retry=Retry(max_attempts=2), dead_letter=dead(tmp_path))
    report = ShardReport(tmp_path / "report-1", SHARD, ["nothing", "some"])
    running = opened(LeaseMemory(tmp_path / "lease"), nothing, some, report=report)
    running.submit(records(1, 2, 3))
    running.finish()
    counted = {name: dict(zip(COUNTERS, numbers, strict=True)) for name, numbers in counters_of(tmp_path).items()}
    size = counted["some"].pop("delivered_bytes")
    assert counted["nothing"] == {**dict.fromkeys(COUNTERS, 0), "received": 3, "filtered": 3}
    assert counted["some"] == {
        "received": 3,
        "filtered": 0,
        "delivered": 2,
        "failed_attempts": 2,
        "retries": 1,
        "dead_letters": 1,
    }
    assert size == sum(len(record.binary_data) for record in records(1, 3))


def counters_of(folder: Path) -> dict[str, tuple[int, ...]]:
    return content(folder / "report-1").counters


def test_what_blocks_is_there_while_it_blocks_and_the_oldest_record_is_known(tmp_path: Path) -> None:
    is_down = [True]

    def deliver(_numbers: Any) -> None:
        if is_down[0]:
            raise RuntimeError("it is down")

    running = opened(LeaseMemory(tmp_path / "lease"), Calls(deliver, name="pay"))
    before = time.time()
    running.submit(records(1, 2))
    (block,) = wait_for(running.blocks, "it is blocked")
    assert (block.action, block.sequence_number, block.records) == ("pay", "1", 1)
    assert "it is down" in block.error
    assert before <= block.since <= time.time() < (block.next_try or 0) + 1
    standing = running.standing()
    assert (standing.pending, standing.done, standing.done_up_to) == (2, 0, None)
    assert standing.oldest_created_at_millis > 0
    is_down[0] = False
    running.finish()
    assert running.blocks() == []
    standing = running.standing()
    assert (standing.pending, standing.done, standing.done_up_to) == (0, 2, "2")
    assert (standing.oldest_created_at_millis, standing.done_created_at_millis > 0) == (0, True)


def test_work_that_cannot_be_made_durable_blocks_from_its_first_failure_on() -> None:
    blocks = Blocks()
    blocks.add_unsaved("file", "9", OSError("no space"), 1, 0.5)
    (first,) = blocks.shown()
    blocks.add_unsaved("file", "9", OSError("no space"), 2, 1.0)
    (second,) = blocks.shown()
    assert (second.since, second.attempts, second.records) == (first.since, 2, 0)
    blocks.clear_unsaved("file")
    assert (blocks.shown(), blocks.any) == ([], False)


def distributions(folder: Path, action: str) -> dict[str, Distribution]:
    numbers = content(folder / "report-1").numbers[action]
    return {histogram.name: histogram.read(numbers) for histogram in shard_report.HISTOGRAMS}


@pytest.mark.parametrize("batch", [1, 2])
def test_calls_are_counted_by_time_and_size_those_that_fail_too(tmp_path: Path, batch: int) -> None:
    failed = threading.Event()

    def deliver(_numbers: Any) -> None:
        time.sleep(0.002)
        if not failed.is_set():
            failed.set()
            raise RuntimeError("the first one")

    action = Calls(deliver, name="pay", batch=Batch(size=batch))
    report = ShardReport(tmp_path / "report-1", SHARD, ["pay"])
    running = opened(LeaseMemory(tmp_path / "lease"), action, report=report)
    running.submit(records(1, 2, 3, 4))
    running.finish()
    running.standing()
    calls = 5 if batch == 1 else 3
    wait_for(lambda: sum(distributions(tmp_path, "pay")["call_seconds"].counts) >= calls, "all calls are counted")
    told = distributions(tmp_path, "pay")
    assert sum(told["call_seconds"].counts) == sum(told["batch_records"].counts) == calls
    assert told["call_seconds"].counts[0] == 0  # none is as quick as a millisecond
    assert told["call_seconds"].sum >= calls * 0.002
    assert told["batch_records"].sum == (5 if batch == 1 else 6)


def test_records_are_counted_by_their_age_when_they_are_delivered_and_dead_letters_are_not(tmp_path: Path) -> None:
    some = Calls(fail_on("2"), name="some", retry=Retry(max_attempts=1), dead_letter=dead(tmp_path))
    report = ShardReport(tmp_path / "report-1", SHARD, ["some"])
    running = opened(LeaseMemory(tmp_path / "lease"), some, report=report)
    running.submit(records(1, 2, 3))
    running.finish()
    told = distributions(tmp_path, "some")["done_seconds"]
    assert sum(told.counts) == 2
    created = running.standing().done_created_at_millis / 1000
    assert told.sum == pytest.approx(2 * max(0.0, time.time() - created), abs=20)


def test_histograms_and_the_counters_of_a_shard_go_on_with_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "report-1"
    first = ShardReport(path, SHARD, ["pay"])
    shard_report.CALL_SECONDS.add(first.counters("pay").numbers, 0.3)
    first.of_shard.numbers[shard_report.CHECKPOINTS] += 2
    second = ShardReport(path, SHARD, ["other", "pay"])
    shard_report.CALL_SECONDS.add(second.counters("pay").numbers, 99.0)
    second.of_shard.numbers[shard_report.CHECKPOINTS] += 1
    told = distributions(tmp_path, "pay")["call_seconds"]
    assert told.sum == pytest.approx(99.3)
    assert (sum(told.counts), told.counts[-1]) == (2, 1)
    assert content(path).shard_counters == (3, 0)


def test_a_report_of_a_hundred_actions_is_far_below_a_megabyte(tmp_path: Path) -> None:
    path = tmp_path / "report-1"
    ShardReport(path, SHARD, [f"action-{number}" for number in range(100)])
    assert path.stat().st_size < 100_000
