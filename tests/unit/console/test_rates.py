"""What actions do per second follows from their totals, whichever worker has them."""

from __future__ import annotations

from typing import Any

from record_processor.console.action_rates import RateKeeper
from record_processor.console.trend import TrendKeeper
from record_processor.fleet.model import ActionTotals, Application, Lag, Shard, State, Worker


def worker(name: str, delivered: int, since: float = 0.0) -> Worker:
    return Worker(name, False, 1, since=since, actions=[ActionTotals("Orders", "pay", delivered=delivered)])


def seen(at: float, *workers: Worker, **more: Any) -> Application:
    values: dict[str, Any] = {"lag_seconds": 0.0, "shards": [], **more}
    return Application("app", "r", at, [], None, list(workers), blocked=0, dead_letters=0, **values)


def delivered(keeper: RateKeeper, found: Application) -> float | None:
    (one,) = keeper.add(found)
    return None if one.per_second is None else one.per_second["delivered"]


def test_nothing_is_known_after_one_look() -> None:
    assert delivered(RateKeeper(), seen(100.0, worker("a", 50))) is None


def test_the_rate_is_that_of_the_last_seconds() -> None:
    keeper = RateKeeper(window_seconds=10)
    for second in range(20):
        last = delivered(keeper, seen(100.0 + 2 * second, worker("a", 50 + 6 * second)))
    assert last == 3.0
    for second in range(20, 30):
        last = delivered(keeper, seen(100.0 + 2 * second, worker("a", 50 + 6 * 19)))
    assert last == 0.0


def test_a_worker_that_was_started_again_counts_from_nothing() -> None:
    keeper = RateKeeper()
    delivered(keeper, seen(100.0, worker("a", 5000)))
    assert delivered(keeper, seen(110.0, worker("a", 20, since=101.0))) == 2.0


def test_what_a_worker_did_before_it_was_seen_does_not_count() -> None:
    keeper = RateKeeper()
    delivered(keeper, seen(100.0, worker("a", 0)))
    assert delivered(keeper, seen(110.0, worker("a", 0), worker("b", 5000))) == 0.0
    assert delivered(keeper, seen(112.0, worker("a", 12), worker("b", 5000))) == 1.0


def test_the_totals_are_those_of_all_workers() -> None:
    (one,) = RateKeeper().add(seen(100.0, worker("a", 3), worker("b", 4)))
    assert one.totals.delivered == 7


def test_the_trend_keeps_the_last_points_and_says_what_was_not_known() -> None:
    keeper = TrendKeeper(kept_seconds=2.5)
    shard = Shard("T", "arn", "s", None, [], State.READING, Lag(1.0), records_per_second=2.5)
    # Of looks that follow each other closely, the first of two seconds counts.
    for at, lag in ((1.0, 1.0), (2.0, 9.0), (3.0, None), (4.0, 9.0), (5.0, 4.0)):
        keeper.add(seen(at, shards=[shard, shard], lag_seconds=lag))
    shown = keeper.shown()
    assert (shown.at, shown.lag_seconds, shown.records_per_second) == ([3.0, 5.0], [None, 4.0], [5.0, 5.0])
