"""The lag that a worker shows: never too small, and 0 when there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from record_processor.delivery.shard_report import Content, Header, Snapshot
from record_processor.host.metrics.lags import Lags
from tests.builders import ARN

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_000_000.0


def content(**snapshot: Any) -> Content:
    header = Header(ARN, "s-1", ["pay"], 1, 0, 0, 0)
    return Content(header, {}, (), Snapshot(**{"at": NOW, **snapshot}))


@pytest.fixture
def lag() -> Callable[..., float]:
    lags = Lags()

    def look(at: float = NOW, ahead: float = 0.0, **snapshot: Any) -> float:
        (found,) = lags.look([content(**snapshot)], at, ahead).values()
        return found.seconds

    return look


def test_it_is_the_age_of_the_oldest_record_that_is_not_done(lag: Callable[..., float]) -> None:
    assert lag(oldest_at=NOW - 7, pending=1, has_caught_up=True) == 7


def test_it_is_zero_when_there_is_nothing_to_do(lag: Callable[..., float]) -> None:
    assert lag(has_caught_up=True, done_created_at=NOW - 3000, empty_at=NOW - 1) == 0


def test_with_nothing_in_hand_it_is_at_most_the_time_since_everything_was_known_to_be_done(
    lag: Callable[..., float],
) -> None:
    assert lag(done_created_at=NOW - 20) == 20
    assert lag(done_created_at=NOW - 20, empty_at=NOW - 10) == 10
    assert lag(ahead=100.0, done_created_at=NOW - 20, empty_at=NOW - 110) == 10  # records have the server's time


def test_a_process_that_was_just_started_is_where_the_one_before_it_was(lag: Callable[..., float]) -> None:
    assert lag(oldest_at=NOW - 7, pending=1) == 7
    assert lag(at=NOW + 1) == 8
    assert lag(at=NOW + 2, oldest_at=NOW - 7, pending=1) == 9


def test_a_shard_that_is_new_to_the_worker_counts_from_then_on(lag: Callable[..., float]) -> None:
    assert lag() == 0
    assert lag(at=NOW + 5) == 5


def test_a_process_that_says_nothing_more_had_caught_up_then_and_not_now(lag: Callable[..., float]) -> None:
    assert lag(at=NOW + 60, has_caught_up=True, empty_at=NOW - 1) == 61


def test_a_record_without_a_time_does_not_make_it_zero(lag: Callable[..., float]) -> None:
    assert lag(has_caught_up=True) == 0
    assert lag(at=NOW + 30, has_caught_up=True, pending=1) == 30
