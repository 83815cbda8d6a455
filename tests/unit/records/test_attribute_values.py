from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from record_processor.records.attribute_values import item_to_python, to_python

digits = st.integers(min_value=-(10**38 - 1), max_value=10**38 - 1)
numbers = st.builds(lambda digits, exponent: f"{digits}E{exponent}", digits, st.integers(-100, 80)) | digits.map(str)
texts = st.text(max_size=20)
binaries = st.binary(max_size=20).map(lambda raw: base64.b64encode(raw).decode())

scalars = st.one_of(
    texts.map(lambda text: {"S": text}),
    numbers.map(lambda number: {"N": number}),
    binaries.map(lambda binary: {"B": binary}),
    st.booleans().map(lambda truth: {"BOOL": truth}),
    st.just({"NULL": True}),
    st.lists(texts, min_size=1, unique=True).map(lambda members: {"SS": members}),
    st.lists(digits.map(str), min_size=1, unique=True).map(lambda members: {"NS": members}),
    st.lists(binaries, min_size=1, unique=True).map(lambda members: {"BS": members}),
)
attribute_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda members: {"L": members})
        | st.dictionaries(texts, inner, max_size=4).map(lambda members: {"M": members})
    ),
    max_leaves=15,
)


def as_boto3_gives_it(value: dict[str, Any]) -> Any:
    """The attribute value with binary as bytes, which is what boto3's own decoder starts from."""
    ((kind, content),) = value.items()
    if kind == "B":
        return {kind: base64.b64decode(content)}
    if kind == "BS":
        return {kind: [base64.b64decode(member) for member in content]}
    if kind == "L":
        return {kind: [as_boto3_gives_it(member) for member in content]}
    if kind == "M":
        return {kind: {name: as_boto3_gives_it(member) for name, member in content.items()}}
    return value


def without_wrapper(value: Any) -> Any:
    """boto3 wraps binary in its own class."""
    if hasattr(value, "value"):
        return value.value
    if isinstance(value, dict):
        return {name: without_wrapper(member) for name, member in value.items()}
    if isinstance(value, (list, set)):
        return type(value)(without_wrapper(member) for member in value)
    return value


@given(attribute_values)
def test_every_attribute_value_decodes_as_boto3_decodes_it(value: dict[str, Any]) -> None:
    expected = without_wrapper(TypeDeserializer().deserialize(as_boto3_gives_it(value)))
    assert to_python(value) == expected


@given(digits, st.integers(-100, 80))
def test_numbers_keep_all_38_digits_and_their_sign(digits: int, exponent: int) -> None:
    decoded = to_python({"N": f"{digits}E{exponent}"})
    assert isinstance(decoded, Decimal)
    assert int(decoded.scaleb(-exponent)) == digits if abs(digits) < 10**28 else True
    assert decoded.as_tuple().digits == Decimal(digits).as_tuple().digits
    assert decoded.is_signed() == (digits < 0)


@pytest.mark.parametrize(
    "text",
    [
        "12345678901234567890123456789012345678",
        "-12345678901234567890123456789012345678",
        "-0.00012345678901234567890123456789012345678",
        "9.9999999999999999999999999999999999999E+125",
        "-1E-130",
    ],
)
def test_numbers_at_the_edges_of_dynamodb_are_exact(text: str) -> None:
    assert str(to_python({"N": text})) == text


def test_the_ten_types_become_their_python_types() -> None:
    item: dict[str, dict[str, Any]] = {
        "s": {"S": ""},
        "n": {"N": "-0.5"},
        "b": {"B": "AP8="},
        "t": {"BOOL": False},
        "z": {"NULL": True},
        "ss": {"SS": ["ü", ""]},
        "ns": {"NS": ["1", "1.5"]},
        "bs": {"BS": ["AA==", ""]},
        "l": {"L": [{"L": []}, {"M": {}}]},
        "m": {"M": {"deep": {"M": {"deeper": {"S": "💡"}}}}},
    }
    assert item_to_python(item) == {
        "s": "",
        "n": Decimal("-0.5"),
        "b": b"\x00\xff",
        "t": False,
        "z": None,
        "ss": {"ü", ""},
        "ns": {Decimal(1), Decimal("1.5")},
        "bs": {b"\x00", b""},
        "l": [[], {}],
        "m": {"deep": {"deeper": "💡"}},
    }


def test_the_empty_map_of_dynamodb_locals_streams_is_an_empty_map() -> None:
    assert to_python({"L": [{}, {"M": {}}]}) == [{}, {}]


@pytest.mark.parametrize(
    "value",
    [
        {"S": "a", "N": "1"},
        {"X": "a"},
        {"N": "twelve"},
        {"N": 12},
        {"S": 12},
        {"B": "no base64!"},
        {"BOOL": "true"},
        {"SS": "a"},
        {"L": {"S": "a"}},
        {"M": ["a"]},
        {"M": {"a": "b"}},
    ],
)
def test_what_dynamodb_cannot_hold_is_a_value_error(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        to_python(value)
