"""How fast letters go."""

from __future__ import annotations

import pytest

from record_processor.errors import SetupError
from record_processor.tools.letters.pace import Pace, pace_of


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def test_letters_go_one_after_another_at_the_rate_and_catch_nothing_up() -> None:
    clock = Clock()
    pace = Pace(4, clock, clock.sleep)
    times = []
    for took in (0.0, 0.1, 3.0, 0.0, 0.0):
        pace.wait(lambda: None)
        times.append(clock.now - 1000)
        clock.now += took
    assert times == pytest.approx([0, 0.25, 0.5, 3.5, 3.75])


def test_a_long_wait_keeps_the_letters_that_are_held() -> None:
    clock, held = Clock(), []
    pace = Pace(1 / 3600, clock, clock.sleep)
    pace.wait(lambda: held.append(clock.now))
    assert held == []
    pace.wait(lambda: held.append(clock.now))
    assert max(clock.naps) <= 60
    assert len(held) == 60


def test_without_a_rate_nothing_waits() -> None:
    clock = Clock()
    pace = Pace(None, clock, clock.sleep)
    for _ in range(3):
        pace.wait(lambda: None)
    assert clock.naps == []


@pytest.mark.parametrize("rate", ["", "50", "0/s", "-1/s", "50/d", "1e9/s", "0.5/h/", "9999999999/s", "0.000000001/h"])
def test_a_rate_that_is_none_is_named(rate: str) -> None:
    with pytest.raises(SetupError, match="expected letters per time such as 50/s"):
        pace_of(rate)


def test_rates_are_per_second_minute_or_hour() -> None:
    for rate in ("50/s", "0.5/s", "100/m", "100/min", "1/h"):
        pace_of(rate)
