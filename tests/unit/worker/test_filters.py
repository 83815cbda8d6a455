from __future__ import annotations

import ipaddress
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_processor.worker.filters import Filter, InvalidFilter
from record_processor.worker.record_filter import RecordFilter
from tests.builders import change_record

EVENT = {
    "eventName": "MODIFY",
    "dynamodb": {
        "Keys": {"id": {"S": "order-7"}},
        "NewImage": {
            "id": {"S": "order-7"},
            "Company": {"S": "Motorola"},
            "Size": {"N": "12"},
            "Tags": {"SS": ["red", "blue"]},
            "Lines": {"L": [{"M": {"sku": {"S": "a"}, "n": {"N": "1"}}}, {"M": {"sku": {"S": "b"}, "n": {"N": "2"}}}]},
            "Open": {"BOOL": True},
            "Note": {"NULL": True},
            "a.b": {"S": "dotted"},
        },
        "SizeBytes": 30,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    },
}


def new_image(**fields: Any) -> dict[str, Any]:
    return {"dynamodb": {"NewImage": fields}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": ["INSERT", "MODIFY"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ([{"eventName": ["REMOVE"]}, {"eventName": ["MODIFY"]}], True),
        (new_image(Company={"S": [{"prefix": "Mot"}]}), True),
        (new_image(Company={"S": [{"prefix": {"equals-ignore-case": "mOT"}}]}), True),
        (new_image(Company={"S": [{"suffix": "ola"}]}), True),
        (new_image(Company={"S": [{"equals-ignore-case": "MOTOROLA"}]}), True),
        (new_image(Company={"S": [{"wildcard": "M*r*la"}]}), True),
        (new_image(Company={"S": [{"wildcard": "M*r*l"}]}), False),
        (new_image(Company={"S": [{"anything-but": ["Nokia", "Motorola"]}]}), False),
        (new_image(Company={"S": [{"anything-but": {"prefix": "Nok"}}]}), True),
        (new_image(Company={"S": [{"exists": True}]}), True),
        (new_image(Gone={"S": [{"exists": False}]}), True),
        (new_image(Gone={"S": [{"anything-but": "x"}]}), False),
        (new_image(Tags={"SS": ["blue"]}), True),
        (new_image(Lines={"L": {"M": {"sku": {"S": ["a"]}, "n": {"N": ["1"]}}}}), True),
        (new_image(Lines={"L": {"M": {"sku": {"S": ["a"]}, "n": {"N": ["2"]}}}}), False),
        (new_image(Open={"BOOL": [True]}), True),
        (new_image(Open={"BOOL": [1]}), False),
        ({"dynamodb": {"SizeBytes": [{"numeric": [">", 29, "<=", 30]}]}}, True),
        ({"dynamodb": {"$or": [{"SizeBytes": [1]}, {"Keys": {"id": {"S": [{"prefix": "order-"}]}}}]}}, True),
        ({"dynamodb.NewImage.Company.S": ["Motorola"]}, True),
        (new_image(**{"a.b": {"S": ["dotted"]}}), True),
    ],
)
def test_a_pattern_matches_the_event_and_the_record_alike(pattern: Any, expected: bool) -> None:
    assert Filter(pattern).matches(EVENT) is expected
    record = change_record(eventName="MODIFY", **EVENT["dynamodb"])  # type: ignore[arg-type]
    assert RecordFilter(pattern).accepts(record) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [(["=", 12], True), ([">", 11.99], True), (["<", 12], False), ([">=", 12, "<", 13], True), ([">", 100], False)],
)
def test_numeric_operators_see_the_number_in_dynamodbs_text(operator: list[Any], expected: bool) -> None:
    assert Filter(new_image(Size={"N": [{"numeric": operator}]})).matches(EVENT) is expected


def test_numbers_are_compared_exactly_however_large() -> None:
    pattern = Filter({"N": [{"numeric": ["=", 12345678901234567890123456789012345678]}]})
    assert pattern.matches({"N": "12345678901234567890123456789012345678"})
    assert not pattern.matches({"N": "12345678901234567890123456789012345679"})
    assert Filter({"x": [{"numeric": ["<", 0.3]}]}).matches({"x": 0.29999999999999993})
    assert not Filter({"x": [{"numeric": ["=", 0.3]}]}).matches({"x": 0.30000000000000004})


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        ({}, "pattern: expected at least one field"),
        ({"a": {}}, "a: expected at least one field"),
        ({"a": "x"}, r"a: expected a list of values, found 'x'; write \['x'\]"),
        ({"a": []}, "a: expected a list with at least one value"),
        ({"a": {"b": [{"prefx": "x"}]}}, r"a.b\[0\]: unknown operator 'prefx'"),
        ({"a": [{"numeric": ["<", 1, ">", 0]}]}, r"a\[0\].numeric: a range is written"),
        ({"a": [{"numeric": [">", 2, "<", 1]}]}, "the range from 2 to 1 is empty"),
        ({"a": [{"exists": "yes"}]}, r"a\[0\].exists: expected true or false"),
        ({"a": [{"cidr": "10.0.0.0/99"}]}, r"a\[0\].cidr: expected an address block"),
        ({"a": [{"wildcard": "a**b"}]}, r"\*\* is not allowed"),
        ({"a": [{"wildcard": "a\\b"}]}, "a backslash stands before"),
        ({"a": [{"anything-but": ["x", 1]}]}, "texts only or numbers only"),
        ([], "expected at least one pattern"),
        ([{"a": ["x"]}, "b"], r"\[1\]: expected a mapping of fields"),
        ({"$or": [{"a": [1]}, {"b": 2}]}, r"\$or\[1\].b: expected a list"),
    ],
)
def test_a_malformed_pattern_is_refused_with_its_place(pattern: Any, place: str) -> None:
    with pytest.raises(InvalidFilter, match=place):
        Filter(pattern)


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 32))
def test_address_blocks_contain_what_the_standard_library_says(address: Any, base: Any, length: int) -> None:
    block = f"{base}/{length}"
    expected = address in ipaddress.ip_network(block, strict=False)
    assert Filter({"ip": [{"cidr": block}]}).matches({"ip": str(address)}) is expected


numbers = st.integers(-(10**38), 10**38) | st.floats(allow_nan=False, allow_infinity=False)


@given(numbers, numbers)
def test_ranges_agree_with_exact_arithmetic(value: Any, bound: Any) -> None:
    exact_value, exact_bound = Decimal(repr(value)), Decimal(repr(bound))
    event = {"x": value}
    assert Filter({"x": [{"numeric": ["<", bound]}]}).matches(event) is (exact_value < exact_bound)
    assert Filter({"x": [{"numeric": [">=", bound]}]}).matches(event) is (exact_value >= exact_bound)


@given(st.text(), st.text())
def test_affixes_agree_with_pythons(text: str, affix: str) -> None:
    assert Filter({"x": [{"prefix": affix}]}).matches({"x": text}) is text.startswith(affix)
    assert Filter({"x": [{"suffix": affix}]}).matches({"x": text}) is text.endswith(affix)


@given(st.text(), st.lists(st.text().map(lambda part: part.replace("\\", "").replace("*", "")), min_size=1, max_size=3))
def test_a_star_is_any_run_of_characters(between: str, parts: list[str]) -> None:
    parts = [part for part in parts if part] or ["x"]
    assert Filter({"x": [{"wildcard": "*".join(parts)}]}).matches({"x": between.join(parts)})


def test_only_what_the_filter_looks_at_is_decoded() -> None:
    """The other attribute is not even valid, and nobody minds."""
    raw = {"Company": {"S": "Motorola"}, "Broken": {"N": "x"}}
    record = change_record(NewImage=raw)
    assert RecordFilter(new_image(Company={"S": ["Motorola"]})).accepts(record)
    assert "new_image" not in record.__dict__


def test_a_pattern_over_rarer_fields_sees_the_whole_event() -> None:
    record = change_record()
    assert RecordFilter({"awsRegion": ["us-west-2"], "eventSource": ["aws:dynamodb"]}).accepts(record)
    assert RecordFilter({"userIdentity": {"type": [{"exists": False}]}}).accepts(record)
    assert json.loads(record.raw)
