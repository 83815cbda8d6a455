"""A histogram has every value in the bucket that Prometheus expects it in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_processor.delivery.histograms import Histogram

SOME = Histogram("some", 3, (1.0, 5.0, 10.0), parts=1000)
VALUES = st.lists(st.floats(0, 20, allow_nan=False), max_size=30)


def test_a_value_is_in_the_first_bucket_whose_bound_it_does_not_exceed() -> None:
    numbers = [7] * 3 + [0] * 5 + [7]
    for value in (0.0, 1.0, 1.001, 5.0, 10.0, 10.5):
        SOME.add(numbers, value)
    assert SOME.read(numbers).counts == (2, 2, 1, 1)
    assert SOME.read(numbers).sum == pytest.approx(27.501)
    assert (numbers[:3], numbers[SOME.end :]) == ([7] * 3, [7])  # those of others


@given(VALUES)
def test_many_values_at_once_are_counted_as_each_alone(values: list[float]) -> None:
    one_by_one, at_once = [0] * SOME.end, [0] * SOME.end
    for value in values:
        SOME.add(one_by_one, value)
    SOME.add_all(at_once, values)
    assert SOME.read(at_once).counts == SOME.read(one_by_one).counts
    assert SOME.read(at_once).sum == pytest.approx(SOME.read(one_by_one).sum, abs=0.0005 * len(values) + 0.001)
