"""What becomes of records after a call: every verdict under every setting, without a thread."""

from __future__ import annotations

from typing import Any

import pytest

from record_processor.config.units import Duration
from record_processor.dead_letters.settings import FileDeadLetter
from record_processor.delivery.low_water_mark import Ticket
from record_processor.delivery.pending_record import PendingRecord
from record_processor.delivery.retry_policy import ProcessDied, RecordExpired, RetryPolicy
from record_processor.delivery.suspicion import Suspicion
from record_processor.delivery.verdict import Verdict, of_error
from record_processor.errors import NotTriedError, PartialFailure, PermanentError, UndecodableRecordError
from record_processor.plugin.settings import ActionSettings, Batch, Retry
from tests.builders import change_record

D, A, X, N = Verdict.DONE, Verdict.AGAIN, Verdict.DEAD, Verdict.NOT_TRIED


def entries(count: int, attempts: int = 0) -> list[PendingRecord]:
    records = [change_record(SequenceNumber=str(number)) for number in range(1, count + 1)]
    return [PendingRecord(record, None, Ticket("", 0, 0), attempts=attempts) for record in records]


def policy(letters: bool = True, bisect: bool = False, **retry: Any) -> RetryPolicy:
    settings = ActionSettings(
        name="a",
        type="x",
        batch=Batch(size=10),
        bisect_on_error=bisect,
        retry=Retry(**retry),
        dead_letter=FileDeadLetter(path="dead/") if letters else None,
    )
    return RetryPolicy(settings)


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


def numbers(of: Any) -> list[str]:
    return [one.record.sequence_number for one in of]


@pytest.mark.parametrize(
    ("settings", "error", "attempts", "done", "dead", "again", "blamed"),
    [
        ({"max_attempts": 3}, RuntimeError(), 0, "", "", ["123"], "123"),
        ({"max_attempts": 3}, RuntimeError(), 2, "", "123", [], ""),
        ({"letters": False}, RuntimeError(), 99, "", "", ["123"], "123"),
        ({"letters": False}, PermanentError("x"), 0, "", "", ["123"], "123"),
        ({}, PermanentError("x"), 0, "", "123", [], ""),
        ({}, PartialFailure({1: RuntimeError(), 2: NotTriedError()}), 0, "1", "", ["23"], "2"),
        ({"max_attempts": 1}, PartialFailure({1: RuntimeError(), 2: NotTriedError()}), 0, "1", "2", ["3"], ""),
        ({"max_attempts": 1, "bisect": True}, RuntimeError(), 0, "", "", ["1", "23"], ""),
        ({"max_attempts": 1, "bisect": True}, PartialFailure({1: RuntimeError()}), 0, "13", "2", [], ""),
    ],
)
def test_what_follows_from_the_verdicts(
    settings: Any, error: BaseException, attempts: int, done: str, dead: str, again: list[str], blamed: str
) -> None:
    decision = policy(**settings).after(of_error(entries(3, attempts), error))
    assert numbers(decision.done) == [*done]
    assert numbers(one.entry for one in decision.dead) == [*dead]
    assert [numbers(part) for part in decision.again] == [[*part] for part in again]
    assert numbers(one.entry for one in decision.blamed) == [*blamed]


def test_only_failures_of_its_own_count_a_records_attempts() -> None:
    batch = entries(3)
    policy().after(of_error(batch, PartialFailure({1: RuntimeError(), 2: NotTriedError()})))
    assert [entry.attempts for entry in batch] == [0, 1, 0]
    policy(bisect=True).after(of_error(batch, RuntimeError()))
    assert [entry.attempts for entry in batch] == [0, 1, 0]


def test_what_is_not_to_be_tried() -> None:
    (entry,) = entries(1, attempts=2)
    now = entry.record.created_at_millis / 1000
    assert policy(max_attempts=2).hopeless(entry, now) is None
    assert isinstance(policy(max_age=Duration(60)).hopeless(entry, now + 61), RecordExpired)
    assert policy(max_age=Duration(60)).hopeless(entry, now + 59) is None
    entry.suspicion = Suspicion("a", "1", attempts=2, deaths=2, part=1, first_death=now, end="killed", sure=True)
    assert isinstance(policy(max_attempts=2).hopeless(entry, now), ProcessDied)
    assert policy(max_attempts=3).hopeless(entry, now) is None
    assert policy(letters=False).hopeless(entry, now) is None
    entry.suspicion.sure = False
    assert policy(max_attempts=1).hopeless(entry, now) is None


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"letters": False}, "with dead_letter and retry.max_attempts a record is given up"),
        ({}, "with retry.max_attempts or retry.max_age"),
        ({"max_attempts": 3, "max_age": Duration(60)}, "after 3 attempts or at an age of 60 s"),
    ],
)
def test_the_remedy_is_what_the_settings_lack(settings: Any, says: str) -> None:
    assert says in policy(**settings).remedy()
