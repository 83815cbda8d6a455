"""Which letters are chosen."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from record_processor.dead_letters.letter import Failure
from record_processor.errors import SetupError
from record_processor.tools.letters.choice import Choice, choice_of
from tests.unit.dead_letters.test_file import letter

ONE = msgspec.structs.replace(letter(1), stored_at="2026-11-26T10:00:00+00:00", id="a" * 32)


@pytest.mark.parametrize(
    "choice",
    [
        Choice(),
        choice_of("shop", "Phones", "RuntimeError: fail", "2026-11-26T10:00Z", "2026-11-26T11:01+01:00", ["a" * 32]),
        choice_of(None, None, None, "2026-11-26", None),
        choice_of(None, None, None, None, "2026-11-26T10:00:01"),
    ],
)
def test_a_letter_that_has_everything_in_common_is_chosen(choice: Choice) -> None:
    assert choice.includes(ONE)


@pytest.mark.parametrize(
    "choice",
    [
        Choice(action="other"),
        Choice(table="Other"),
        Choice(error="runtimeerror"),
        Choice(ids=frozenset(["a"])),
        choice_of(None, None, None, "2026-11-26T10:00:01Z", None),
        choice_of(None, None, None, None, "2026-11-26T10:00:00Z"),
    ],
)
def test_a_letter_that_lacks_one_thing_is_not(choice: Choice) -> None:
    assert not choice.includes(ONE)


@pytest.mark.parametrize("forged", ["", "yesterday", "0001-01-01T00:00:00+23:59", "9" * 10_000])
def test_a_letter_whose_time_is_none_is_of_no_time(forged: str) -> None:
    assert not choice_of(None, None, None, "2000-01-01", None).includes(msgspec.structs.replace(ONE, stored_at=forged))


def test_a_time_may_be_how_long_ago_it_was() -> None:
    recent = (datetime.now(timezone.utc) - timedelta(minutes=30)).isoformat()
    last_hour = choice_of(None, None, None, "1h", None)
    assert last_hour.includes(msgspec.structs.replace(ONE, stored_at=recent))
    assert not choice_of(None, None, None, None, "1h").includes(msgspec.structs.replace(ONE, stored_at=recent))


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("soon", None, "--since soon: expected a time such as"),
        (None, "2026-13-01", "--until 2026-13-01: expected a time such as"),
        ("9" * 500 + "d", None, "expected a time such as"),
        ("2026-11-26", "2026-11-25", "--until 2026-11-25: expected a time after --since 2026-11-26"),
    ],
)
def test_a_time_that_is_none_is_named(since: str | None, until: str | None, said: str) -> None:
    with pytest.raises(SetupError, match=said):
        choice_of(None, None, None, since, until)


def test_a_letter_is_passed_over_only_where_others_of_its_item_may_be_chosen() -> None:
    assert Choice(error="other").passes_over(ONE)
    assert not Choice(action="other", error="other").passes_over(ONE)
    assert not Choice(error="failure 1").passes_over(msgspec.structs.replace(ONE, error=Failure("a", "failure 1", "")))
