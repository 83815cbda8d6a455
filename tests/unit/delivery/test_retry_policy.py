"""What becomes of records after a call: every verdict under every setting, without a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from record_processor.config.units import Duration
from record_processor.dead_letters.settings import FileDeadLetter
from record_processor.delivery import backoff
from record_processor.delivery.admission import Admission, ProcessDied, RecordExpired
from record_processor.delivery.blocked import Blocked
from record_processor.delivery.counts import ActionCounts
from record_processor.delivery.fence import Fence
from record_processor.delivery.low_water_mark import LowWaterMark, Ticket
from record_processor.delivery.outcomes import Outcomes
from record_processor.delivery.pending_record import PendingRecord
from record_processor.delivery.retry_policy import Decision, GiveUp, RetryPolicy, Split
from record_processor.delivery.steering import ActionFence
from record_processor.delivery.suspects import Suspects
from record_processor.delivery.suspicion import Suspicion
from record_processor.delivery.trials import Trials
from record_processor.delivery.verdict import Verdict, of_error
from record_processor.errors import NotTriedError, PartialFailure, PermanentError, UndecodableRecordError
from record_processor.plugin.settings import ActionSettings, Batch, Retry
from tests.builders import LeaseMemory, change_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from record_processor.delivery.dead_letter_writer import DeadLetterWriter

D, A, X, N = Verdict.DONE, Verdict.AGAIN, Verdict.DEAD, Verdict.NOT_TRIED


def entries(count: int, attempts: int = 0) -> list[PendingRecord]:
    records = [change_record(SequenceNumber=str(number)) for number in range(1, count + 1)]
    return [PendingRecord(record, None, Ticket("", 0, 0), attempts=attempts) for record in records]


def settings_of(letters: bool = True, bisect: bool = False, **retry: Any) -> ActionSettings:
    return ActionSettings(
        name="a",
        type="x",
        batch=Batch(size=10),
        bisect_on_error=bisect,
        retry=Retry(**retry),
        dead_letter=FileDeadLetter(path="dead/") if letters else None,
    )


def policy(**settings: Any) -> RetryPolicy:
    return RetryPolicy(settings_of(**settings))


@pytest.mark.parametrize(
    ("error", "verdicts"),
    [
        (RuntimeError(), [A, A, A]),
        (SystemExit(), [A, A, A]),
        (PermanentError("x"), [X, X, X]),
        (PartialFailure({1: RuntimeError(), 2: NotTriedError()}), [D, A, N]),
        (PartialFailure({0: PermanentError("x")}), [X, D, D]),
        (PartialFailure({}), [A, A, A]),
        (PartialFailure({7: RuntimeError()}), [A, A, A]),
        (UndecodableRecordError("2", "x"), [N, X, N]),
        (UndecodableRecordError("9", "x"), [X, X, X]),
    ],
    ids=str,
)
def test_each_record_of_a_call_has_one_verdict(error: BaseException, verdicts: list[Verdict]) -> None:
    assert [one.verdict for one in of_error(entries(3), error)] == verdicts


def numbers(judged: Any, failed: bool = False) -> str:
    return "".join(one.entry.record.sequence_number for one in judged if one.failed or not failed)


def written(decision: Decision) -> str:
    """`retry 23, for 2`, `split 1|23`, `give up 1`."""
    if isinstance(decision, Split):
        return f"split {numbers(decision.first)}|{numbers(decision.second)}"
    if isinstance(decision, GiveUp):
        return f"give up {numbers(decision.judged)}"
    return f"retry {numbers(decision.judged)}, for {numbers(decision.judged, failed=True) or 'none'}"


def follows(batch: list[PendingRecord], error: BaseException, **settings: Any) -> list[str]:
    """Return what is done, and what is decided, after a call raised this."""
    judged = of_error(batch, error)
    done = numbers(one for one in judged if one.verdict is D)
    decisions = policy(**settings).decide([one for one in judged if one.verdict is not D])
    return [*([f"done {done}"] if done else []), *map(written, decisions)]


_ONE_FAILS = PartialFailure({1: RuntimeError(), 2: NotTriedError()})


@pytest.mark.parametrize(
    ("settings", "error", "attempts", "expected"),
    [
        ({}, PartialFailure({}), 0, ["retry 123, for 123"]),
        ({}, RuntimeError(), 99, ["retry 123, for 123"]),
        ({"max_attempts": 3}, RuntimeError(), 0, ["retry 123, for 123"]),
        ({"max_attempts": 3}, RuntimeError(), 1, ["retry 123, for 123"]),
        ({"max_attempts": 3}, RuntimeError(), 2, ["give up 123"]),
        ({"letters": False}, RuntimeError(), 99, ["retry 123, for 123"]),
        ({"letters": False}, PermanentError("x"), 0, ["retry 123, for 123"]),
        ({}, PermanentError("x"), 0, ["give up 123"]),
        ({}, _ONE_FAILS, 0, ["done 1", "retry 23, for 2"]),
        ({}, PartialFailure({2: NotTriedError()}), 0, ["done 12", "retry 3, for none"]),
        ({"max_attempts": 1}, PartialFailure({2: NotTriedError()}), 9, ["done 12", "retry 3, for none"]),
        ({"max_attempts": 1}, _ONE_FAILS, 0, ["done 1", "give up 2", "retry 3, for none"]),
        ({}, PartialFailure({0: PermanentError("x"), 2: RuntimeError()}), 0, ["done 2", "give up 1", "retry 3, for 3"]),
        ({}, UndecodableRecordError("2", "x"), 0, ["give up 2", "retry 13, for none"]),
        ({"max_attempts": 1, "bisect": True}, RuntimeError(), 0, ["split 1|23"]),
        ({"max_attempts": 1, "bisect": True}, _ONE_FAILS, 0, ["done 1", "split 2|3"]),
        ({"max_attempts": 1, "bisect": True}, PartialFailure({1: RuntimeError()}), 0, ["done 13", "give up 2"]),
        ({"bisect": True}, PartialFailure({1: RuntimeError()}), 0, ["done 13", "retry 2, for 2"]),
        ({"bisect": True}, PermanentError("x"), 0, ["split 1|23"]),
    ],
)
def test_what_follows_from_the_verdicts(
    settings: Any, error: BaseException, attempts: int, expected: list[str]
) -> None:
    assert follows(entries(3, attempts), error, **settings) == expected


def test_nothing_is_decided_where_nothing_failed() -> None:
    assert policy().decide([]) == []


def test_a_decision_changes_no_record() -> None:
    batch = entries(3)
    first = follows(batch, _ONE_FAILS, max_attempts=1)
    assert [entry.attempts for entry in batch] == [0, 0, 0]
    assert follows(batch, _ONE_FAILS, max_attempts=1) == first


def nowhere() -> DeadLetterWriter:
    raise AssertionError("nothing is skipped here")


@pytest.fixture
def outcomes(tmp_path: Path) -> Callable[..., Outcomes]:
    """Carries out what a policy decides, and waits for nothing."""

    def made(**settings: Any) -> Outcomes:
        mark = LowWaterMark()
        memory = LeaseMemory(tmp_path / "lease")
        blocked = Blocked("a", mark, "", None)
        suspects = Suspects([], Trials(None, [], []))
        fence = ActionFence(Fence(memory.lease(), 1), "a")
        return Outcomes(ActionCounts("a", mark), fence, policy(**settings), None, suspects, blocked, nowhere)

    return made


def test_only_failures_of_its_own_count_a_records_attempts(
    outcomes: Callable[..., Outcomes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.001)
    batch = entries(3)
    assert outcomes().follow(of_error(batch, _ONE_FAILS)) == [batch[1:]]
    assert [entry.attempts for entry in batch] == [0, 1, 0]
    assert outcomes(bisect=True).follow(of_error(batch, RuntimeError())) == [batch[:1], batch[1:]]
    assert [entry.attempts for entry in batch] == [0, 1, 0]


def test_without_dead_letters_a_part_goes_as_far_as_the_record_that_may_not_be_tried_and_waits_there(
    outcomes: Callable[..., Outcomes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.001)
    batch = entries(3)
    batch[1].broken = UndecodableRecordError("2", "x")
    to_do, refused = outcomes(letters=False), Admission(settings_of(letters=False), policy()).refused(batch, 0)
    assert to_do.refuse(batch, refused) == [batch[:1], batch[1:]]
    assert to_do.refuse(batch[1:], refused) == [batch[1:]]
    assert [entry.attempts for entry in batch] == [0, 1, 0]


def test_what_is_not_to_be_tried() -> None:
    def obstacle(seconds: float = 0, **settings: Any) -> Exception | None:
        return Admission(settings_of(**settings), policy(**settings)).obstacle(entry, now + seconds)

    (entry,) = entries(1, attempts=2)
    now = entry.record.created_at_millis / 1000
    assert obstacle(max_attempts=2) is None
    assert isinstance(obstacle(61, max_age=Duration(60)), RecordExpired)
    assert obstacle(59, max_age=Duration(60)) is None
    entry.suspicion = Suspicion("a", "1", attempts=2, deaths=2, part=1, first_death=now, end="killed", sure=True)
    assert isinstance(obstacle(max_attempts=2), ProcessDied)
    assert obstacle(max_attempts=3) is None
    assert obstacle(letters=False) is None
    entry.suspicion.sure = False
    assert obstacle(max_attempts=1) is None
    entry.broken = UndecodableRecordError("1", "x")
    assert obstacle() is entry.broken


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"letters": False}, "to give up on such records instead, set dead_letter and retry.max_attempts"),
        ({}, "to give up on such records instead, set retry.max_attempts or retry.max_age"),
        ({"max_attempts": 3, "max_age": Duration(60)}, "after 3 attempts or at an age of 60 s"),
    ],
)
def test_the_remedy_is_what_the_settings_lack(settings: Any, says: str) -> None:
    assert says in policy(**settings).remedy()
