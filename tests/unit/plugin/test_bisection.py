from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_processor.errors import ActionError, NotTriedError, PartialFailure, PermanentError
from record_processor.plugin import bisection
from tests.builders import change_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.records.change_record import ChangeRecord


@given(st.integers(1, 30), st.sets(st.integers(0, 29)))
def test_exactly_those_to_blame_are_given_up_and_the_rest_is_sent_once_and_in_order(count: int, bad: set[int]) -> None:
    sent: list[int] = []

    def send(records: Sequence[ChangeRecord]) -> None:
        numbers = [int(record.sequence_number) for record in records]
        if bad & set(numbers):
            raise PermanentError("400")
        sent.extend(numbers)

    left = [change_record(SequenceNumber=str(number)) for number in range(count)]
    dead: list[int] = []
    while left:
        try:
            bisection.deliver(send, left)
            break
        except PartialFailure as partial:
            failures = partial.failures
        except PermanentError as error:
            failures = {0: error}
        dead += [int(left[at].sequence_number) for at, error in failures.items() if isinstance(error, PermanentError)]
        left = [left[at] for at, error in sorted(failures.items()) if isinstance(error, NotTriedError)]
    assert set(dead) == bad & set(range(count))
    assert sent == [number for number in range(count) if number not in bad]


def test_what_can_be_tried_again_is_not_split() -> None:
    calls: list[int] = []

    def send(records: Sequence[ChangeRecord]) -> None:
        calls.append(len(records))
        raise ActionError("503")

    with pytest.raises(ActionError, match="503"):
        bisection.deliver(send, [change_record(), change_record()])
    assert calls == [2]
