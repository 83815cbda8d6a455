"""Records at which a shard's process dies: they count attempts, are found among the others, and become dead letters."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.dead_letters.file import DeadLetterFile
from record_processor.delivery.low_water_mark import Ticket
from record_processor.delivery.pending_record import PendingRecord
from record_processor.delivery.suspicion import DiedCall, Suspicion, after_death
from record_processor.delivery.trials import ALONE, OVERDUE, Trials, left_behind
from record_processor.plugin.action import Action
from record_processor.plugin.settings import ActionSettings, Batch
from tests.builders import change_record
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

POISON = """
import os, signal, time
def handle(event, context):
    numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
    with open("calls", "a") as file:
        print(*numbers, file=file)
    if {poison!r} in numbers:
        {act}
"""
DIES = "os.kill(os.getpid(), signal.SIGKILL)"


class Lives:
    """One shard's processes, one after another, as the Java side starts them again."""

    def __init__(self, folder: Path, act: str = DIES, poison: str = "5", **settings: Any) -> None:
        self.folder = folder
        code = POISON.format(poison=poison, act=act)
        letters = {"type": "file", "path": str(folder / "dead.jsonl")}
        self.action = python_action(folder, code, dead_letter=letters, **settings)
        self.checkpoint = "TRIM_HORIZON"
        self.processes: list[ShardProcess] = []

    def until_done(self, last: int, end: str = "killed", at_most: int = 8) -> None:
        while self.checkpoint != str(last):
            assert len(self.processes) < at_most, [process.events for process in self.processes]
            self._live(last, end if self.processes else "none")

    def _live(self, last: int, last_end: str) -> None:
        process = ShardProcess(self.folder, [self.action], last_end=last_end).initialize(self.checkpoint)
        self.processes.append(process)
        begin = int(self.checkpoint) + 1 if self.checkpoint.isdigit() else 1
        process.records(*range(begin, last + 1))
        while process.process.poll() is None and self.checkpoint != str(last):
            process.records()
            self._take_over(process)
        process.kill()
        self._take_over(process)

    def _take_over(self, process: ShardProcess) -> None:
        self.checkpoint = next((mark for mark in reversed(process.checkpoints) if mark), self.checkpoint)

    def calls(self) -> list[list[str]]:
        return [line.split() for line in (self.folder / "calls").read_text().splitlines()]

    def deliveries(self) -> Counter[str]:
        return Counter(number for call in self.calls() for number in call)

    def letters(self) -> list[Any]:
        return list(DeadLetterFile(self.folder / "dead.jsonl").read()[0])

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event for process in self.processes for event in process.of(name)]


def test_a_record_at_which_the_process_dies_becomes_a_dead_letter_after_its_attempts(tmp_path: Path) -> None:
    lives = Lives(tmp_path, poison="25", retry={"max_attempts": 3})
    lives.until_done(last=49)
    (letter,) = lives.letters()
    assert (letter.sequence_number, letter.attempts, letter.error.type) == ("25", 3, "ProcessDied")
    assert "was being tried" in letter.error.message
    deliveries = lives.deliveries()
    assert deliveries.pop("25") == 3
    assert max(deliveries.values()) <= 2, deliveries
    assert len(deliveries) == 48
    (crash_loop,) = lives.events("shard.crash_loop")
    assert (crash_loop["action"], crash_loop["sequence_number"], crash_loop["attempts"]) == ("orders", "25", 3)


@pytest.mark.parametrize("act", ["__import__('ctypes').string_at(0)", "os._exit(80)", "os.abort()"])
def test_however_a_process_dies_at_a_record_that_counts_an_attempt(tmp_path: Path, act: str) -> None:
    lives = Lives(tmp_path, act=act, poison="2", retry={"max_attempts": 2})
    lives.until_done(last=3)
    (letter,) = lives.letters()
    assert (letter.sequence_number, letter.attempts, letter.error.type) == ("2", 2, "ProcessDied")
    assert lives.deliveries()["2"] == 2


def test_a_batch_that_dies_is_halved_until_the_culprit_is_alone(tmp_path: Path) -> None:
    lives = Lives(
        tmp_path, batch={"size": 8}, bisect_on_error=True, retry={"max_attempts": 1}, act=DIES, poison="5"
    )  # fmt: skip
    lives.until_done(last=8)
    assert [letter.sequence_number for letter in lives.letters()] == ["5"]
    calls = lives.calls()
    assert calls[0] == [*"12345678"]
    assert [call for call in calls if "5" in call] == [[*"12345678"], [*"5678"], [*"56"], ["5"]]
    assert max(lives.deliveries().values()) <= 4


def test_a_batch_that_dies_is_taken_apart_without_bisecting_too(tmp_path: Path) -> None:
    lives = Lives(tmp_path, batch={"size": 4}, retry={"max_attempts": 3}, poison="2")
    lives.until_done(last=4)
    assert [letter.sequence_number for letter in lives.letters()] == ["2"]
    assert [call for call in lives.calls() if "2" in call] == [[*"1234"], ["2"], ["2"]]


def test_a_call_that_passes_its_timeout_counts_for_its_own_records_alone(tmp_path: Path) -> None:
    lives = Lives(tmp_path, act="time.sleep(60)", poison="5", timeout="1s", concurrency=4, retry={"max_attempts": 2})
    lives.until_done(last=8, end="call_timeout")
    assert [(letter.sequence_number, letter.attempts) for letter in lives.letters()] == [("5", 2)]


def actions(*names: str, concurrency: int = 1, size: int = 1) -> list[Action[Any]]:
    class Nothing(Action[ActionSettings]):
        def deliver(self, _records: Any) -> None: ...

    settings = {"type": "x", "concurrency": concurrency, "batch": Batch(size=size)}
    return [Nothing(ActionSettings(name=name, **settings)) for name in names]  # type: ignore[arg-type]


def entries(*numbers: str, attempts: int = 0) -> list[PendingRecord]:
    record = change_record()
    return [PendingRecord(record, None, Ticket(number, 0, 0), attempts=attempts) for number in numbers]


def test_what_was_being_tried_can_be_read_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "trials"
    trials = Trials(path, actions("a", "b", concurrency=2, size=10), [])
    first, second, third = trials.slot("a", 0), trials.slot("a", 1), trials.slot("b", 1)
    first.note_one("123")
    second.note(entries("4", "5", attempts=2))
    second.flag(ALONE)
    third.thread_id = 77
    third.note_one("6")
    trials.blame(77)
    assert left_behind(path).calls == [
        DiedCall("a", [("123", 0)], alone=False, overdue=False),
        DiedCall("a", [("4", 2), ("5", 2)], alone=True, overdue=False),
        DiedCall("b", [("6", 0)], alone=False, overdue=True),
    ]
    first.note_one("9")
    second.clear()
    assert [call.records for call in left_behind(path).calls] == [[("9", 0)], [("6", 0)]]
    assert third._memory[third._flag_at] == OVERDUE


@pytest.mark.parametrize("content", [b"\x50", b"", b"\0" * 100, b"x" * 200, b"\0" * 8 + b"RPTRIAL1" + b"\xff" * 40])
def test_a_file_that_is_short_or_foreign_is_ignored_with_a_warning(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "trials"
    path.write_bytes(content)
    assert left_behind(path).calls == []
    assert bool(caplog.records) == any(content[1:])


def test_notes_of_a_process_that_was_cut_short_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "trials"
    Trials(path, actions("a"), []).slot("a", 0).note_one("no number")
    assert left_behind(path).calls == []


def test_the_protocols_thread_shows_that_it_goes_on_and_no_other_does_for_it(tmp_path: Path) -> None:
    path = tmp_path / "trials"
    trials = Trials(path, actions("a"), [])
    seen = []
    for _ in range(600):
        trials.show_life()
        seen.append(path.read_bytes()[1])
    assert 0 not in seen
    assert all(before != after for before, after in itertools.pairwise(seen))
    other = threading.Thread(target=trials.show_life)
    other.start()
    other.join()
    assert path.read_bytes()[1] == seen[-1]


def test_a_batch_larger_than_its_slot_names_those_that_fit(tmp_path: Path) -> None:
    path = tmp_path / "trials"
    slot = Trials(path, actions("a", size=10_000, concurrency=256), []).slot("a", 255)
    slot.note(entries(*(f"{number:040}" for number in range(200))))
    (call,) = left_behind(path).calls
    assert 80 < len(call.records) < 110
    assert all(len(number) == 40 for number, _ in call.records)
    assert path.stat().st_size < 2_000_000


def died(*numbers: str, action: str = "a", attempts: int = 0, alone: bool = False, overdue: bool = False) -> DiedCall:
    return DiedCall(action, [(number, attempts) for number in numbers], alone, overdue)


def suspected(before: Iterable[Suspicion], *calls: DiedCall, bisecting: Iterable[str] = ()) -> dict[str, Any]:
    found = after_death(list(before), calls, "killed", set(bisecting), now=1.0)
    return {one.sequence_number: (one.attempts, one.deaths, one.part) for one in found}


def test_who_is_suspected_after_a_death() -> None:
    """Attempts, deaths, and the part that is tried together."""
    assert suspected([], died("1"), died("2", attempts=1)) == {"1": (1, 1, 1), "2": (2, 1, 2)}
    assert suspected([], died("1", "2")) == {"1": (1, 1, 1), "2": (1, 1, 2)}
    halves = after_death([], [died("1", "2", "3")], "killed", {"a"}, now=1.0)
    assert [(one.attempts, one.part) for one in halves] == [(0, 1), (0, 1), (0, 2)]
    again = suspected(halves, died("1", "2", alone=True), bisecting=["a"])
    assert again == {"1": (0, 2, 3), "2": (0, 2, 4), "3": (0, 1, 2)}


@pytest.mark.parametrize(
    ("calls", "sure"),
    [
        ([died("1")], True),
        ([died("1"), died("2")], False),
        ([died("1", "2")], False),
        ([died("1", alone=True), died("2")], True),
        ([died("1", overdue=True), died("2")], True),
        ([died("1", "2", overdue=True)], False),
    ],
)
def test_a_record_is_given_up_only_if_it_is_surely_to_blame(calls: list[DiedCall], sure: bool) -> None:
    assert {one.sure for one in after_death([], calls, "killed", set(), now=1.0)} == {sure}


def test_only_who_is_surely_to_blame_counts_an_attempt() -> None:
    assert suspected([], died("1"), died("2", alone=True)) == {"2": (1, 1, 1)}
    assert suspected([], died("1", alone=True), died("2", overdue=True)) == {"2": (1, 1, 1)}
