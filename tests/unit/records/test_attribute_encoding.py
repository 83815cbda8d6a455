"""Python values that become what DynamoDB stores, and those that it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from record_processor.records.attribute_encoding import encoded_item
from record_processor.records.attribute_values import item_to_python

numbers = st.integers(-(10**38) + 1, 10**38 - 1) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=10
)
scalars = st.text() | numbers | st.binary() | st.booleans() | st.none()
sets = st.sets(st.text(), min_size=1) | st.sets(numbers, min_size=1) | st.sets(st.binary(), min_size=1)
values = st.recursive(
    scalars | sets, lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner), max_leaves=4
)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.text(min_size=1), values))
def test_an_encoded_item_is_read_as_the_same_values(item: dict[str, Any]) -> None:
    assert item_to_python(encoded_item(item)) == item


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (1.1, {"N": "1.1"}),
        (Decimal("100"), {"N": "100"}),
        (1e30, {"N": "1" + "0" * 30}),
        (Decimal("1E+60"), {"N": "1E+60"}),
        (0, {"N": "0"}),
        (True, {"BOOL": True}),
        ((1, "a"), {"L": [{"N": "1"}, {"S": "a"}]}),
        ({2, 1}, {"NS": ["1", "2"]}),
        (b"\xff", {"B": "/w=="}),
    ],
)
def test_values_are_written_as_dynamodb_writes_them(value: Any, encoded: dict[str, Any]) -> None:
    assert encoded_item({"x": value}) == {"x": encoded}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"a": {"b": [1, object()]}}, r"a\.b\[1\]: DynamoDB cannot store a object; expected text, a number"),
        ({"a": float("nan")}, "a: DynamoDB cannot store the number nan: it keeps up to 38 digits"),
        ({"a": Decimal("Infinity")}, "a: DynamoDB cannot store the number"),
        ({"a": 10**38 + 1}, "a: DynamoDB cannot store the number"),
        ({"a": Decimal("1E-131")}, "a: DynamoDB cannot store the number"),
        ({"a": Decimal("1E+126")}, "a: DynamoDB cannot store the number"),
        ({"a": set()}, "a: a set holds one or more .* found nothing in it"),
        ({"a": {1, "x"}}, "a: a set holds one or more .* found int, str"),
        ({"a": {True}}, "a: a set holds one or more .* found bool"),
        ({1: "x"}, "the item: expected attribute names that are text, found 1"),
        ({"a": {"": 1}}, "a: expected attribute names that are text, found ''"),
    ],
)
def test_what_dynamodb_cannot_store_is_named(item: dict[Any, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encoded_item(item)
