from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_processor.dead_letters.letter import write
from record_processor.dead_letters.packing import in_stream_order, packed, unpacked
from tests.unit.dead_letters.test_file import SHARD, letter


@given(st.binary(max_size=2000), st.integers(1, 3000))
def test_whatever_was_packed_comes_out_the_same(raw: bytes, largest_bytes: int) -> None:
    made = write("a", SHARD, "1", raw, ValueError("x"), 1, None, 2.0)
    again = unpacked(packed(made, largest_bytes))
    assert again.raw == made.raw
    assert again.error == made.error


@pytest.mark.parametrize("text", ["", "hello", "{}", "{", "aGVsbG8=", "H4sIAAAA", "[1]"])
def test_what_is_no_letter_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        unpacked(text)


def test_letters_are_sorted_as_their_stream_had_them() -> None:
    shuffled = [letter(number) for number in (100, 9, 20)]
    assert [one.sequence_number for one in in_stream_order(shuffled)] == ["9", "20", "100"]
