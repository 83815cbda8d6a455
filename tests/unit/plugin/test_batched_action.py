"""Batches cut into calls: nothing is lost and no item's order is changed, whatever the remote side does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_processor.errors import ActionError, NotTriedError, PartialFailure, PermanentError
from record_processor.plugin.batched_action import BatchedAction, BatchEntry, CallFailedError, Limits
from record_processor.plugin.settings import ActionSettings
from tests.builders import change_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.records.change_record import ChangeRecord

FAULTS = ["none", "none", "some", "whole", "content"]


class FarSide(BatchedAction[ActionSettings]):
    settings_type = ActionSettings
    limits = Limits(entries=4, call_bytes=100, entry_bytes=60)

    def __init__(self, sizes: dict[str, int], faults: list[str]) -> None:
        super().__init__(ActionSettings(name="far", type="far"))
        self._sizes = sizes
        self._faults = faults
        self.taken: list[str] = []
        self.calls: list[list[str]] = []

    def entry(self, record: ChangeRecord) -> BatchEntry:
        return BatchEntry(record, self._sizes[record.sequence_number])

    def send(self, contents: Sequence[Any]) -> Mapping[int, Exception]:
        numbers = [record.sequence_number for record in contents]
        self.calls.append(numbers)
        assert len(numbers) <= 4
        assert sum(self._sizes[number] for number in numbers) <= 100
        assert len({record.raw_keys for record in contents}) == len(contents), "an item twice in a call"
        fault = self._faults.pop() if self._faults else "none"
        if fault == "whole":
            raise CallFailedError(ActionError("away"))
        if fault == "content":
            raise CallFailedError(PermanentError("malformed"))
        failing = set(range(0, len(numbers), 2)) if fault == "some" else set()
        self.taken += [number for position, number in enumerate(numbers) if position not in failing]
        return {position: ActionError("busy") for position in failing}


changes = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 70)), min_size=1, max_size=25)


@given(changes, st.lists(st.sampled_from(FAULTS), max_size=12))
def test_every_record_is_taken_or_given_up_and_items_keep_their_order(
    written: list[tuple[str, int]], faults: list[str]
) -> None:
    records = [
        change_record(SequenceNumber=str(number), Keys={"id": {"S": item}}) for number, (item, _) in enumerate(written)
    ]
    far = FarSide({str(number): size for number, (_, size) in enumerate(written)}, faults)
    left, dead = records, []
    for _ in range(60):
        try:
            far.deliver(left)
            left = []
        except PartialFailure as partial:
            assert not all(isinstance(error, NotTriedError) for error in partial.failures.values()), "no progress"
            again = {position for position, error in partial.failures.items() if not _is_permanent(error)}
            dead += [left[position].sequence_number for position in partial.failures if position not in again]
            left = [record for position, record in enumerate(left) if position in again]
        if not left:
            break
    assert not left
    assert sorted(far.taken + dead, key=int) == [record.sequence_number for record in records]
    assert all(int(number) in range(len(written)) for number in dead)
    item_of = {record.sequence_number: record.keys["id"] for record in records}
    for item in "abcd":
        of_item = [int(number) for number in far.taken if item_of[number] == item]
        assert of_item == sorted(of_item)


def _is_permanent(error: Exception) -> bool:
    return isinstance(error, PermanentError)


def test_a_record_larger_than_the_limit_says_both_sizes() -> None:
    far = FarSide({"1": 61}, [])
    with pytest.raises(PartialFailure) as raised:
        far.deliver([change_record(SequenceNumber="1")])
    assert str(raised.value.failures[0]).startswith("61 bytes are more than far takes of one record, 60")
    assert far.calls == []
