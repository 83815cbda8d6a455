"""The engine's rules, one by one; `test_delivery_model.py` has them all at once."""

from __future__ import annotations

import asyncio
import builtins
import fcntl
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.config.units import ByteSize, Duration
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.settings import FileDeadLetter
from record_processor.delivery import backoff, shard_delivery, slow_calls
from record_processor.delivery.shard_delivery import ShardDelivery
from record_processor.errors import PartialFailure, PermanentError, StopRequestedError
from record_processor.plugin.action import Action
from record_processor.plugin.settings import ActionSettings, Batch, Retry
from record_processor.records.stream import Shard
from record_processor.system import shared_file
from tests.builders import STREAM, LeaseMemory, protocol_record
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from record_processor.delivery.shard_report import ShardReport
    from record_processor.records.change_record import ChangeRecord


class Calls(Action[ActionSettings]):
    """Remembers each call's sequence numbers; `act` does the rest."""

    settings_type = ActionSettings

    def __init__(self, act: Callable[[list[str]], object] = lambda _numbers: None, **settings: Any) -> None:
        super().__init__(ActionSettings(name=settings.pop("name", "calls"), type="calls", **settings))
        self.act = act
        self.calls: list[list[str]] = []

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        numbers = [record.sequence_number for record in records]
        self.calls.append(numbers)
        self.act(numbers)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.001)
    monkeypatch.setattr(backoff, "LONGEST_SECONDS", 0.01)


@pytest.fixture
def memory(tmp_path: Path) -> LeaseMemory:
    return LeaseMemory(tmp_path / "lease")


def opened(memory: LeaseMemory, *actions: Calls, report: ShardReport | None = None) -> ShardDelivery:
    delivery = ShardDelivery(actions, memory.lease(), grace_seconds=5)
    if report is not None:
        delivery.count_in(report)
    delivery.open(Shard("shardId-1", STREAM))
    return delivery


def records(*numbers: int) -> list[Any]:
    return [protocol_record(number, Keys={"id": {"N": str(number)}}) for number in numbers]


def fail_on(*poison: str) -> Callable[[list[str]], None]:
    def act(numbers: list[str]) -> None:
        if set(poison) & set(numbers):
            raise RuntimeError(f"poison in {numbers}")

    return act


def dead(tmp_path: Path) -> FileDeadLetter:
    return FileDeadLetter(path=str(tmp_path / "dead.jsonl"))


def letters(tmp_path: Path) -> list[Any]:
    return list(DeadLetterFile(tmp_path / "dead.jsonl").read()[0])


def test_a_batch_goes_when_it_is_full(memory: LeaseMemory) -> None:
    action = Calls(batch=Batch(size=3, window=Duration(300)))
    delivery = opened(memory, action)
    delivery.submit(records(1, 2, 3, 4))
    wait_for(lambda: action.calls == [["1", "2", "3"]], "the full batch")
    assert delivery.low_water() in (None, "3")


def test_a_batch_goes_when_its_window_is_over(memory: LeaseMemory) -> None:
    action = Calls(batch=Batch(size=100, window=Duration(0.05)))
    delivery = opened(memory, action)
    begun = time.monotonic()
    delivery.submit(records(1))
    delivery.submit(records(2))
    wait_for(lambda: action.calls == [["1", "2"]], "the window's batch")
    assert time.monotonic() - begun >= 0.05


def test_a_batch_goes_when_it_has_its_bytes_and_a_larger_record_goes_alone(memory: LeaseMemory) -> None:
    size = len(records(1)[0].binary_data)
    action = Calls(batch=Batch(size=100, window=Duration(300), bytes=ByteSize(2 * size)))
    delivery = opened(memory, action)
    big = protocol_record(3, NewImage={"id": {"S": "x" * 3 * size}})
    delivery.submit([*records(1, 2), big, *records(4, 5)])
    wait_for(lambda: action.calls == [["1", "2"], ["3"], ["4", "5"]], f"three batches, found {action.calls}")


def test_bisecting_isolates_exactly_the_poison(memory: LeaseMemory, tmp_path: Path) -> None:
    action = Calls(
        fail_on("5"), batch=Batch(size=8), bisect_on_error=True, retry=Retry(max_attempts=2), dead_letter=dead(tmp_path)
    )
    delivery = opened(memory, action)
    delivery.submit(records(*range(1, 9)))
    delivery.finish()
    assert [letter.sequence_number for letter in letters(tmp_path)] == ["5"]
    assert action.calls == [
        [*"12345678"], [*"1234"], [*"5678"], [*"56"], ["5"], ["5"], ["6"], [*"78"]
    ]  # fmt: skip
    assert letters(tmp_path)[0].attempts == 2


def test_without_bisecting_the_whole_batch_is_given_up_after_its_attempts(memory: LeaseMemory, tmp_path: Path) -> None:
    action = Calls(fail_on("2"), batch=Batch(size=3), retry=Retry(max_attempts=3), dead_letter=dead(tmp_path))
    delivery = opened(memory, action)
    delivery.submit(records(1, 2, 3))
    delivery.finish()
    assert action.calls == [["1", "2", "3"]] * 3
    assert [letter.sequence_number for letter in letters(tmp_path)] == ["1", "2", "3"]


def test_partial_failures_are_tried_again_alone(memory: LeaseMemory) -> None:
    failing = {"2", "4"}

    def act(numbers: list[str]) -> None:
        failed = {position: RuntimeError("no") for position, number in enumerate(numbers) if number in failing}
        failing.discard("2")
        if failed:
            if len(numbers) == 1:
                failing.clear()
            raise PartialFailure(failed)

    action = Calls(act, batch=Batch(size=4))
    delivery = opened(memory, action)
    delivery.submit(records(1, 2, 3, 4))
    delivery.finish()
    assert action.calls == [["1", "2", "3", "4"], ["2", "4"], ["4"], ["4"]] or action.calls[1] == ["2", "4"]


def test_what_cannot_be_helped_is_a_dead_letter_after_one_attempt(memory: LeaseMemory, tmp_path: Path) -> None:
    def act(numbers: list[str]) -> None:
        if "2" in numbers:
            raise PermanentError("the item is too large")

    action = Calls(act, dead_letter=dead(tmp_path))
    delivery = opened(memory, action)
    delivery.submit(records(1, 2, 3))
    delivery.finish()
    (letter,) = letters(tmp_path)
    assert (letter.sequence_number, letter.attempts) == ("2", 1)
    assert (letter.error.type, letter.error.message) == ("PermanentError", "the item is too large")
    assert "raise PermanentError" in letter.error.traceback
    assert (letter.action, letter.shard_id, letter.stream_arn) == ("calls", "shardId-1", STREAM.arn)
    assert bytes(letter.record) == records(2)[0].binary_data
    assert action.calls == [["1"], ["2"], ["3"]]


@pytest.mark.parametrize("end", [LeaseMemory.lose, LeaseMemory.ask_to_stop])
def test_waiting_for_a_locked_file_of_letters_ends_with_the_lease_and_the_stop(
    memory: LeaseMemory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    end: Callable[[LeaseMemory], None],
) -> None:
    monkeypatch.setattr(shared_file, "LONGEST_LOCK_WAIT_SECONDS", 0.05)
    delivery = opened(memory, Calls(fail_on("1"), retry=Retry(max_attempts=1), dead_letter=dead(tmp_path)))
    with (tmp_path / "dead.jsonl").open("ab") as others:
        fcntl.flock(others, fcntl.LOCK_EX)
        delivery.submit(records(1))
        wait_for(lambda: "another process holds the lock" in caplog.text, "it says what it waits for")
        end(memory)
        wait_for(lambda: not delivery.busy, "it waits no longer")
    assert letters(tmp_path) == []
    assert delivery.low_water() is None


def test_a_change_that_is_too_old_is_a_dead_letter_without_a_try(memory: LeaseMemory, tmp_path: Path) -> None:
    action = Calls(retry=Retry(max_age=Duration(3600)), dead_letter=dead(tmp_path))
    delivery = opened(memory, action)
    now = int(time.time() * 1000)
    old = protocol_record(1, ApproximateCreationDateTime=now - 3_601_000)
    delivery.submit([old, protocol_record(2, ApproximateCreationDateTime=now)])
    delivery.finish()
    assert action.calls == [["2"]]
    assert [(letter.sequence_number, letter.error.type) for letter in letters(tmp_path)] == [("1", "RecordExpired")]


def test_an_undecodable_record_is_a_dead_letter_with_its_bytes(memory: LeaseMemory, tmp_path: Path) -> None:
    action = Calls(dead_letter=dead(tmp_path))
    delivery = opened(memory, action)
    broken = protocol_record(2)
    broken.binary_data = b"\xff no json"
    delivery.submit([*records(1), broken, *records(3)])
    delivery.finish()
    (letter,) = letters(tmp_path)
    assert letter.raw == b"\xff no json"
    assert letter.error.type == "UndecodableRecordError"
    assert action.calls == [["1"], ["3"]]


def test_an_undecodable_record_without_dead_letters_holds_the_shard(memory: LeaseMemory) -> None:
    action = Calls(batch=Batch(size=5))
    delivery = opened(memory, action)
    delivery.submit([*records(1), protocol_record(2, eventName="UPSERT"), *records(3)])
    wait_for(lambda: delivery.low_water() == "1", "the record before it is done")
    time.sleep(0.05)
    assert action.calls == [["1"]]
    delivery.close()


def test_a_slow_action_does_not_make_another_repeat(memory: LeaseMemory) -> None:
    tries = iter(range(20))

    def down_for_a_while(_numbers: list[str]) -> None:
        if next(tries) < 10:
            raise RuntimeError("down")

    slow, quick = Calls(down_for_a_while, name="slow"), Calls(name="quick")
    delivery = opened(memory, slow, quick)
    delivery.submit(records(1, 2, 3))
    delivery.finish()
    assert quick.calls == [["1"], ["2"], ["3"]]
    assert slow.calls == [["1"]] * 11 + [["2"], ["3"]]


def test_lanes_run_at_the_same_time_but_never_for_the_same_item(memory: LeaseMemory) -> None:
    both = threading.Barrier(2, timeout=10)
    action = Calls(lambda numbers: both.wait() if numbers[0] in "13" else None, concurrency=4)
    delivery = opened(memory, action)
    same = [protocol_record(number, Keys={"id": {"S": item}}) for number, item in ((1, "a"), (2, "a"), (3, "b"))]
    delivery.submit(same)
    delivery.finish()
    assert sorted(map(str, action.calls[:2])) == ["['1']", "['3']"]
    assert action.calls[2] == ["2"]


def test_a_failing_item_holds_up_only_itself(memory: LeaseMemory) -> None:
    mended = threading.Event()

    def act(numbers: list[str]) -> None:
        if numbers == ["1"] and not mended.is_set():
            raise RuntimeError("down")

    action = Calls(act, concurrency=2)
    delivery = opened(memory, action)
    items = [(1, "a"), (2, "b"), (3, "a"), (4, "b")]
    delivery.submit([protocol_record(number, Keys={"id": {"S": item}}) for number, item in items])
    wait_for(lambda: ["4"] in action.calls, "the other item goes on")
    assert ["3"] not in action.calls
    assert delivery.low_water() is None
    mended.set()
    delivery.finish()
    assert action.calls[-1] == ["3"]
    assert delivery.low_water() == "4"


def test_memory_is_bounded_while_an_action_hangs(memory: LeaseMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_delivery, "MAX_PENDING_RECORDS", 500)
    hanging = threading.Event()
    delivery = opened(memory, Calls(lambda _numbers: hanging.wait(30), name="hangs"), Calls(name="quick"))
    threading.Timer(0.3, memory.ask_to_stop).start()
    with pytest.raises(StopRequestedError):
        delivery.submit(records(*range(1, 5000)))
    assert delivery._mark.pending <= 600
    hanging.set()


def test_a_call_that_hangs_keeps_back_nothing_before_it(memory: LeaseMemory) -> None:
    hanging = threading.Event()
    action = Calls(lambda numbers: hanging.wait(30) if numbers == ["20"] else None)
    delivery = opened(memory, action)
    delivery.submit(records(*range(1, 31)))
    wait_for(lambda: delivery.low_water() == "19", "all before the hanging call are done")
    hanging.set()
    delivery.finish()
    assert delivery.low_water() == "30"


def test_a_call_that_hangs_is_named_in_the_log(
    memory: LeaseMemory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shard_delivery, "REPORT_SECONDS", 0.0)
    for interval in ("SLOW_SECONDS", "LOG_INTERVAL_SECONDS"):
        monkeypatch.setattr(slow_calls, interval, 0.05)
    hanging = threading.Event()
    delivery = opened(memory, Calls(lambda numbers: hanging.wait(30) if numbers == ["3"] else None))
    delivery.submit(records(1, 2, 3))

    def named() -> bool:
        delivery.check()
        return "calls has been in the same call for" in caplog.text

    wait_for(named, "the log names the action")
    (entry, *_) = [one for one in caplog.records if "same call" in one.message]
    fields = entry.__dict__["record_processor_fields"]
    assert fields["sequence_number"] == "3"
    assert f"{__file__}:" in fields["where"]
    hanging.set()
    delivery.finish()


def test_a_dead_letter_that_cannot_be_stored_keeps_the_record_undone(memory: LeaseMemory, tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    where = FileDeadLetter(path=str(tmp_path / "in-the-way" / "dead.jsonl"))
    delivery = opened(memory, Calls(fail_on("1"), retry=Retry(max_attempts=1), dead_letter=where))
    delivery.submit(records(1, 2))
    time.sleep(0.1)
    assert delivery.low_water() is None
    (tmp_path / "in-the-way").unlink()
    delivery.finish()
    assert delivery.low_water() == "2"
    assert [letter.sequence_number for letter in DeadLetterFile(tmp_path / "in-the-way" / "dead.jsonl").read()[0]] == [
        "1"
    ]


def test_records_that_match_no_filter_are_done_at_once(memory: LeaseMemory) -> None:
    action = Calls(filter={"eventName": ["REMOVE"]})
    delivery = opened(memory, action)
    delivery.submit(records(1, 2))
    assert (delivery.low_water(), action.calls) == ("2", [])


def test_an_image_that_the_filter_cannot_read_is_a_dead_letter(memory: LeaseMemory, tmp_path: Path) -> None:
    action = Calls(filter={"dynamodb": {"NewImage": {"a": {"S": ["x"]}}}}, dead_letter=dead(tmp_path))
    delivery = opened(memory, action)
    delivery.submit([protocol_record(1, NewImage="no object")])
    delivery.finish()
    assert [letter.error.type for letter in letters(tmp_path)] == ["UndecodableRecordError"]


def test_records_that_kcl_reads_again_are_delivered_once(memory: LeaseMemory) -> None:
    action = Calls()
    delivery = opened(memory, action)
    delivery.submit(records(8, 9, 10))
    delivery.submit(records(9, 10, 11, 100))
    delivery.submit(records(100))
    wait_for(lambda: delivery.low_water() == "100", "all of them")
    assert [number for call in action.calls for number in call] == ["8", "9", "10", "11", "100"]


class Unspeakable(Exception):  # noqa: N818 - what a user might write
    def __str__(self) -> str:
        raise RuntimeError("no words")


def group_of(error: BaseException) -> BaseException:
    """From Python 3.11 on, a group with it."""
    group: Any = getattr(builtins, "BaseExceptionGroup", None)
    return error if group is None else group("several", [error, ValueError("x")])


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        GeneratorExit(),
        SystemExit(3),
        Unspeakable(),
        group_of(KeyboardInterrupt()),
        group_of(Unspeakable()),
        Exception("a lone surrogate: \udc80"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_handler_raises_is_a_failure_of_its_records_and_no_more(
    memory: LeaseMemory, tmp_path: Path, error: BaseException
) -> None:
    def act(numbers: list[str]) -> None:
        if "2" in numbers:
            raise error

    fails = Calls(act, name="fails", retry=Retry(max_attempts=2), dead_letter=dead(tmp_path))
    other = Calls(name="other")
    delivery = opened(memory, fails, other)
    delivery.submit(records(1, 2, 3))
    delivery.finish()
    assert fails.calls == [["1"], ["2"], ["2"], ["3"]]
    assert other.calls == [["1"], ["2"], ["3"]]
    (letter,) = letters(tmp_path)
    assert (letter.sequence_number, letter.attempts, letter.error.type) == ("2", 2, type(error).__name__)


def test_what_holds_up_a_shard_is_named_with_its_item_and_what_to_do(
    memory: LeaseMemory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    action = Calls(fail_on("1"), retry=Retry(max_attempts=2), dead_letter=dead(tmp_path))
    delivery = opened(memory, action)
    delivery.submit(records(1, 2))
    delivery.finish()
    said = {one.__dict__["record_processor_event"]: one.__dict__["record_processor_fields"] for one in caplog.records}
    blocked, given_up = said["delivery.blocked"], said["record.dead"]
    for fields in (blocked, given_up):
        assert (fields["action"], fields["sequence_number"]) == ("calls", "1")
        assert json.loads(bytes(fields["keys"])) == {"id": {"N": "1"}}
        assert fields["event_id"] and fields["age_seconds"] and fields["remedy"]
    assert (blocked["waiting"], blocked["attempts"]) == (2, 1)
    assert "2 attempts" in blocked["remedy"]
    assert given_up["dead_letter"] == blocked["dead_letter"] == str(tmp_path / "dead.jsonl")
    assert given_up["waiting"] == 2
