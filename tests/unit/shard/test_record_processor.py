"""The record processor under kclpy's own KCLProcess, spoken to as the MultiLangDaemon speaks."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from amazon_kclpy import kcl

from record_processor.config.units import Duration
from record_processor.delivery import backoff
from record_processor.delivery.batch_queue import BatchQueue
from record_processor.plugin.action import Action
from record_processor.plugin.settings import ActionSettings, Batch
from record_processor.shard.multilang import channel_of
from record_processor.shard.record_processor import RecordProcessor
from record_processor.system import process_end
from tests.builders import STREAM, LeaseMemory, adapter_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from record_processor.records.change_record import ChangeRecord


class Recorder(Action[ActionSettings]):
    """Remembers what it was given; `before` may fail first."""

    settings_type = ActionSettings

    def __init__(
        self,
        before: Callable[[ChangeRecord], None] = lambda _record: None,
        batch: Batch = Batch(),  # noqa: B008
    ) -> None:
        super().__init__(ActionSettings(name="recorder", type="recorder", batch=batch))
        self.before = before
        self.seen: list[str] = []
        self.flushed_up_to = 0

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        for record in records:
            self.before(record)
            self.seen.append(record.sequence_number)

    def flush(self) -> None:
        self.flushed_up_to = len(self.seen)


class Lines(io.BytesIO):
    """Messages as lines, with pauses between them."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        super().__init__()
        self._messages = iter(messages)

    def readline(self, _size: int | None = -1, /) -> bytes:
        for message in self._messages:
            if "pause" not in message:
                return json.dumps(message).encode() + b"\n"
            time.sleep(message["pause"])
        return b""


class Daemon:
    """The daemon's end of the protocol, with everything that it will say written in advance."""

    def __init__(self, action: Recorder, memory: LeaseMemory, interval_seconds: float = 3600) -> None:
        self.said: list[dict[str, Any]] = [
            {"action": "initialize", "shardId": "shardId-1", "sequenceNumber": "TRIM_HORIZON", "subSequenceNumber": 0}
        ]
        self.processor = RecordProcessor([action], STREAM, memory.lease(), interval_seconds, grace_seconds=10)

    def records(self, *numbers: int, **overrides: Any) -> Daemon:
        records = [self._record(number, **overrides) for number in numbers]
        self.said.append({"action": "processRecords", "records": records, "millisBehindLatest": None})
        return self

    def checkpoint_answer(self, error: str | None = None) -> Daemon:
        self.said.append({"action": "checkpoint", "sequenceNumber": None, "subSequenceNumber": None, "error": error})
        return self

    def says(self, action: str) -> Daemon:
        self.said.append({"action": action})
        return self

    def pause(self) -> Daemon:
        """Say nothing for a moment, as the daemon does while a shard is quiet."""
        self.said.append({"pause": 0.3})
        return self

    def run(self) -> list[dict[str, Any]]:
        """What the child answered."""
        output = io.StringIO()
        process = kcl.KCLProcess(self.processor, io.BytesIO(), output, io.StringIO())
        channel_of(process, Lines(self.said), output)
        try:
            process.run()
        finally:
            self.answers = [json.loads(line) for line in output.getvalue().split("\n") if line]
        return self.answers

    @staticmethod
    def _record(number: int, **overrides: Any) -> dict[str, Any]:
        data = json.dumps(adapter_json(SequenceNumber=str(number), **overrides)).encode()
        return {
            "action": "record",
            "data": base64.b64encode(data).decode(),
            "partitionKey": str(number),
            "sequenceNumber": str(number),
            "subSequenceNumber": 0,
            "approximateArrivalTimestamp": 1,
        }


def done(*actions: str) -> list[dict[str, Any]]:
    return [{"action": "status", "responseFor": action} for action in actions]


def checkpoint(sequence_number: str | None) -> dict[str, Any]:
    return {"action": "checkpoint", "sequenceNumber": sequence_number, "subSequenceNumber": None}


@pytest.fixture
def memory(tmp_path: Path) -> LeaseMemory:
    return LeaseMemory(tmp_path / "lease")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.001)
    monkeypatch.setattr(backoff, "LONGEST_SECONDS", 0.01)


def test_records_reach_the_action_in_order_and_a_stop_saves_them(memory: LeaseMemory) -> None:
    action = Recorder()
    daemon = Daemon(action, memory).records(1, 2).records(3).says("shutdownRequested").checkpoint_answer()
    answers = daemon.says("leaseLost").run()
    assert action.seen == ["1", "2", "3"]
    assert action.flushed_up_to == 3
    assert answers == [
        *done("initialize", "processRecords", "processRecords"),
        checkpoint("3"),
        *done("shutdownRequested", "leaseLost"),
    ]


def test_a_checkpoint_never_passes_a_record_that_is_not_done(memory: LeaseMemory) -> None:
    def stop_at_two(record: ChangeRecord) -> None:
        if record.sequence_number == "2":
            memory.ask_to_stop()
            raise RuntimeError("sink is down")

    action = Recorder(stop_at_two)
    daemon = Daemon(action, memory).records(1, 2, 3).says("shutdownRequested").checkpoint_answer()
    answers = daemon.run()
    assert action.seen == ["1"]
    assert checkpoint("1") in answers


def test_an_action_that_raises_gets_the_same_record_again_until_it_succeeds(memory: LeaseMemory) -> None:
    attempts: list[str] = []

    def fail_three_times(record: ChangeRecord) -> None:
        attempts.append(record.sequence_number)
        if attempts.count("2") in (1, 2, 3) and record.sequence_number == "2":
            raise RuntimeError("not yet")

    action = Recorder(fail_three_times)
    Daemon(action, memory).records(1, 2, 3).says("shardEnded").checkpoint_answer().run()
    assert attempts == ["1", "2", "2", "2", "2", "3"]
    assert action.seen == ["1", "2", "3"]


def test_a_handler_that_calls_exit_has_only_failed(memory: LeaseMemory) -> None:
    exits = iter([True, False])

    def leave(_record: ChangeRecord) -> None:
        if next(exits):
            raise SystemExit(0)

    action = Recorder(leave)
    Daemon(action, memory).records(1).says("shardEnded").checkpoint_answer().run()
    assert action.seen == ["1"]


def test_a_lease_lost_in_the_middle_of_a_retry_ends_the_child_without_another_try(memory: LeaseMemory) -> None:
    tries: list[str] = []

    def lose(record: ChangeRecord) -> None:
        tries.append(record.sequence_number)
        memory.lose()
        raise RuntimeError("sink is down")

    daemon = Daemon(Recorder(lose), memory).records(1, 2).says("shardEnded")
    with pytest.raises(SystemExit) as ended:
        daemon.run()
    assert ended.value.code == process_end.LEASE_LOST
    assert tries == ["1"]
    assert done("shardEnded")[0] not in daemon.answers


def test_an_error_of_ours_ends_the_child_instead_of_being_answered_as_done(memory: LeaseMemory) -> None:
    daemon = Daemon(Recorder(), memory).records(1).says("shutdownRequested").checkpoint_answer("InvalidStateException")
    with pytest.raises(SystemExit) as ended:
        daemon.run()
    assert ended.value.code == process_end.DEFECT
    assert done("shutdownRequested")[0] not in daemon.answers


def test_a_thread_of_delivery_that_breaks_ends_the_process_as_a_defect(
    memory: LeaseMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BatchQueue, "finished", lambda _self, _batch: 1 / 0)
    daemon = Daemon(Recorder(), memory).records(1).pause().records(2)
    with pytest.raises(SystemExit) as ended:
        daemon.run()
    assert ended.value.code == process_end.DEFECT


def test_stock_kclpy_would_answer_done_for_records_that_raised() -> None:
    """The reason for the guard: if kclpy ever changes, this test fails."""

    class Careless:
        version = 3

        def process_records(self, _input: Any) -> None:
            raise RuntimeError("lost")

    line = json.dumps({"action": "processRecords", "records": [], "millisBehindLatest": 0}) + "\n"
    output = io.StringIO()
    kcl.KCLProcess(Careless(), io.StringIO(line), output, io.StringIO()).run()
    assert json.loads(output.getvalue()) == done("processRecords")[0]


def test_a_record_that_cannot_be_decoded_makes_the_shard_wait(memory: LeaseMemory) -> None:
    action = Recorder()
    daemon = Daemon(action, memory).records(1).records(2, eventName="UPSERT").records(3)
    threading.Timer(0.3, memory.ask_to_stop).start()
    answers = daemon.says("shutdownRequested").checkpoint_answer().run()
    assert action.seen == ["1"]
    assert checkpoint("1") in answers


def test_the_end_of_a_shard_is_checkpointed_after_all_its_records(memory: LeaseMemory) -> None:
    action = Recorder()
    answers = Daemon(action, memory).records(1).says("shardEnded").checkpoint_answer().run()
    assert answers == [*done("initialize", "processRecords"), checkpoint(None), *done("shardEnded")]
    assert action.flushed_up_to == 1


def test_progress_is_saved_while_nothing_new_comes(memory: LeaseMemory) -> None:
    daemon = Daemon(Recorder(), memory, interval_seconds=0.2).records(1, 2)
    answers = daemon.pause().records().checkpoint_answer().run()
    assert answers == [*done("initialize", "processRecords"), checkpoint("2"), *done("processRecords")]


def test_nothing_is_delivered_after_a_stop_was_asked_for(memory: LeaseMemory) -> None:
    action = Recorder()
    memory.ask_to_stop()
    Daemon(action, memory).records(1).records(2).says("shutdownRequested").run()
    assert action.seen == []


def test_a_held_batch_is_sent_when_the_worker_stops(memory: LeaseMemory) -> None:
    action = Recorder(batch=Batch(size=100, window=Duration(300)))
    answers = Daemon(action, memory).records(1, 2).says("shutdownRequested").checkpoint_answer().run()
    assert action.seen == ["1", "2"]
    assert checkpoint("2") in answers


def test_a_held_batch_is_sent_at_the_shards_end(memory: LeaseMemory) -> None:
    action = Recorder(batch=Batch(size=100, window=Duration(300)))
    Daemon(action, memory).records(1, 2).says("shardEnded").checkpoint_answer().run()
    assert action.seen == ["1", "2"]


def test_a_held_batch_is_not_checkpointed(memory: LeaseMemory) -> None:
    action = Recorder(batch=Batch(size=100, window=Duration(300)))
    daemon = Daemon(action, memory, interval_seconds=0).records(1, 2).pause().records()
    assert daemon.run() == done("initialize", "processRecords", "processRecords")
    assert action.seen == []
