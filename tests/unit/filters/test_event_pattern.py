from __future__ import annotations

import ipaddress
import json
import re
import time
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from record_processor.filters.event_pattern import EventPattern, InvalidFilter
from record_processor.filters.record_filter import RecordFilter
from record_processor.filters.wildcards import wildcard
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
        (new_image(Open={"BOOL": [False]}), False),
        ({"dynamodb": {"SizeBytes": [{"numeric": [">", 29, "<=", 30]}]}}, True),
        ({"dynamodb": {"$or": [{"SizeBytes": [1]}, {"Keys": {"id": {"S": [{"prefix": "order-"}]}}}]}}, True),
        ({"dynamodb.NewImage.Company.S": ["Motorola"]}, True),
        (new_image(**{"a.b": {"S": ["dotted"]}}), True),
    ],
)
def test_a_pattern_matches_the_event_and_the_record_alike(pattern: Any, expected: bool) -> None:
    assert EventPattern(pattern).matches(EVENT) is expected
    record = change_record(eventName="MODIFY", **EVENT["dynamodb"])  # type: ignore[arg-type]
    assert RecordFilter(pattern).accepts(record) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [(["=", 12], True), ([">", 11.99], True), (["<", 12], False), ([">=", 12, "<", 13], True), ([">", 100], False)],
)
def test_numeric_operators_see_the_number_in_dynamodbs_text(operator: list[Any], expected: bool) -> None:
    assert EventPattern(new_image(Size={"N": [{"numeric": operator}]})).matches(EVENT) is expected


def test_numbers_are_compared_exactly_however_large() -> None:
    pattern = EventPattern({"N": [{"numeric": ["=", 12345678901234567890123456789012345678]}]})
    assert pattern.matches({"N": "12345678901234567890123456789012345678"})
    assert not pattern.matches({"N": "12345678901234567890123456789012345679"})
    assert EventPattern({"x": [{"numeric": ["<", 0.3]}]}).matches({"x": 0.29999999999999993})
    assert not EventPattern({"x": [{"numeric": ["=", 0.3]}]}).matches({"x": 0.30000000000000004})


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
        ({"a": [{"wildcard": "a\\b"}]}, "a backslash must precede"),
        ({"a": [{"anything-but": ["x", 1]}]}, "texts only or numbers only"),
        ({"a": [{"numeric": ["<", float("nan")]}]}, "expected a finite number"),
        ({"a": [float("inf")]}, "expected a finite number"),
        ([], "expected at least one pattern"),
        ([{"a": ["x"]}, "b"], r"\[1\]: expected a mapping of fields"),
        ({"$or": [{"a": [1]}, {"b": 2}]}, r"\$or\[1\].b: expected a list"),
    ],
)
def test_a_malformed_pattern_is_refused_with_its_place(pattern: Any, place: str) -> None:
    with pytest.raises(InvalidFilter, match=place):
        EventPattern(pattern)


@pytest.mark.parametrize("written", ["100", "100.0", "1E2", "0.1E+3"])
@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([100], True),
        ([100.0], True),
        (["100"], True),
        (["1e2"], True),
        ([99, 101, "7"], False),
        ([{"anything-but": ["100"]}], False),
        ([{"anything-but": "100.00"}], False),
        ([{"anything-but": [100]}], False),
        ([{"anything-but": [100, 200]}], False),
        ([{"anything-but": [200, 300]}], True),
        ([{"anything-but": [100]}, {"numeric": [">", 99]}], True),
        ([{"anything-but": {"prefix": "x"}}], True),
        ([{"exists": True}], True),
    ],
)
def test_dynamodbs_numbers_are_compared_as_numbers_however_they_are_written(
    written: str, members: list[Any], expected: bool
) -> None:
    assert RecordFilter(new_image(Size={"N": members})).accepts(change_record(NewImage={"Size": {"N": written}})) is (
        expected
    )
    elements = {"Sizes": {"NS": ["7" if 7 not in members and "7" not in members else "8", written]}}
    if not any(isinstance(member, dict) for member in members):
        assert RecordFilter(new_image(Sizes={"NS": members})).accepts(change_record(NewImage=elements)) is expected


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (
            new_image(Size={"S": [12]}),
            r'Size.S\[0\]: 12 can never match: S holds text; for the text write "12" in quotes',
        ),
        (new_image(Size={"SS": [True]}), r"SS\[0\]: true can never match: SS holds text"),
        (new_image(Size={"S": [{"numeric": [">", 1]}]}), r"S\[0\]: numeric can never match here: S holds text"),
        (new_image(Size={"B": [{"anything-but": [1]}]}), r"B\[0\].anything-but\[0\]: 1 can never match"),
        (new_image(Size={"N": ["big"]}), r"N\[0\]: 'big' can never match: N holds a number"),
        (new_image(Open={"BOOL": ["true"]}), r"'true' can never match: BOOL holds true or false"),
        (new_image(Note={"NULL": [False]}), r"false can never match: NULL holds true"),
        (new_image(Company=["Motorola"]), r"an attribute's value goes under its type .*, such as Company: \{S"),
        (new_image(Lines={"L": ["a"]}), "L holds values with types of their own"),
        (new_image(S=["a"]), "expected an attribute's name around the type S"),
        ({"dynamodb": {"NewImage": [{"exists": False}]}}, "NewImage is not a value"),
        ({"dynamodb": [{"exists": True}]}, "dynamodb is not a value; write a list for one of the keys in it: Approx"),
        ({"eventname": ["INSERT"]}, "eventname: unknown key of the event 'eventname'; did you mean 'eventName'"),
        ({"dynamodb.NewImag.id.S": ["x"]}, "unknown key of the event 'NewImag'; did you mean 'NewImage'"),
        ({"eventName": ["DELETE"]}, "'DELETE' can never match: eventName holds one of INSERT, MODIFY, REMOVE"),
        ({"eventName": {"S": ["INSERT"]}}, "eventName.S: eventName is a value, and has no key 'S' inside"),
        ({"dynamodb": {"SizeBytes": ["12"]}}, "'12' can never match: SizeBytes holds a number"),
    ],
)
def test_a_pattern_that_no_record_can_match_is_refused_with_what_to_write(pattern: Any, says: str) -> None:
    with pytest.raises(InvalidFilter, match=says):
        RecordFilter(pattern)


def test_every_mistake_of_a_pattern_is_said_at_once_each_in_its_place() -> None:
    pattern = {
        "eventname": ["INSERT"],
        "dynamodb": {"NewImage": {"a": {"S": [1, {"prefx": "x"}]}, "b": {"N": [{"numeric": ["~", 1]}]}, "c": {}}},
        "$or": [{"eventID": "x"}, {"eventName": []}],
    }
    with pytest.raises(InvalidFilter) as refused:
        RecordFilter(pattern)
    assert [place for place, _ in refused.value.problems] == [
        ("eventname",),
        ("dynamodb", "NewImage", "a", "S", 1),
        ("dynamodb", "NewImage", "b", "N", 0, "numeric"),
        ("dynamodb", "NewImage", "c"),
        ("$or", 0, "eventID"),
        ("$or", 1, "eventName"),
    ]


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 32))
def test_address_blocks_contain_what_the_standard_library_says(address: Any, base: Any, length: int) -> None:
    block = f"{base}/{length}"
    expected = address in ipaddress.ip_network(block, strict=False)
    assert EventPattern({"ip": [{"cidr": block}]}).matches({"ip": str(address)}) is expected


numbers = st.integers(-(10**38), 10**38) | st.floats(allow_nan=False, allow_infinity=False)


@given(numbers, numbers)
def test_ranges_agree_with_exact_arithmetic(value: Any, bound: Any) -> None:
    exact_value, exact_bound = Decimal(repr(value)), Decimal(repr(bound))
    event = {"x": value}
    assert EventPattern({"x": [{"numeric": ["<", bound]}]}).matches(event) is (exact_value < exact_bound)
    assert EventPattern({"x": [{"numeric": [">=", bound]}]}).matches(event) is (exact_value >= exact_bound)


@given(st.text(), st.text())
def test_affixes_agree_with_pythons(text: str, affix: str) -> None:
    assert EventPattern({"x": [{"prefix": affix}]}).matches({"x": text}) is text.startswith(affix)
    assert EventPattern({"x": [{"suffix": affix}]}).matches({"x": text}) is text.endswith(affix)


@given(st.text(), st.lists(st.text().map(lambda part: part.replace("\\", "").replace("*", "")), min_size=1, max_size=3))
def test_a_star_is_any_run_of_characters(between: str, parts: list[str]) -> None:
    parts = [part for part in parts if part] or ["x"]
    assert EventPattern({"x": [{"wildcard": "*".join(parts)}]}).matches({"x": between.join(parts)})


def test_wildcards_are_what_regular_expressions_say() -> None:
    random = Random(7)  # noqa: S311 - no secret
    for _ in range(20_000):
        pattern = re.sub(r"\*+", "*", "".join(random.choices("ab*", k=random.randrange(8))))
        text = "".join(random.choices("ab", k=random.randrange(10)))
        expression = pattern.replace("*", ".*")
        assert wildcard(pattern)(text) is (re.fullmatch(expression, text) is not None), (pattern, text)


def test_an_escaped_star_is_a_star_and_nothing_at_all_is_only_the_empty_text() -> None:
    assert wildcard(r"a\*b\\*")(r"a*b\anything")
    assert not wildcard(r"a\*b")("axb")
    excluded = EventPattern({"x": [{"anything-but": {"wildcard": ""}}]})
    assert (excluded.matches({"x": ""}), excluded.matches({"x": "a"})) == (False, True)


def test_no_text_keeps_a_wildcard_busy() -> None:
    """A regular expression takes minutes for this one."""
    text = "/a" * 200_000
    matches = wildcard("*/a*/b*/c*.jpg")
    begun = time.process_time()
    assert not matches(text)
    assert time.process_time() - begun < 0.5


def test_a_deep_pattern_is_compiled_at_once_and_also_finds_names_written_together() -> None:
    names = [f"n{number}" for number in range(60)]
    pattern: Any = ["x"]
    event: Any = "x"
    for name in reversed(names):
        pattern, event = {name: pattern, f"{name}2": [{"exists": False}]}, {name: event}
    begun = time.process_time()
    matches = EventPattern(pattern).matches
    assert matches(event)
    assert matches({".".join(names): "x"})
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ({f"f{number}": {"$or": [{"a": [1]}, {"b": [1]}]} for number in range(12)}, "more than 1000 alternatives"),
        ({"$or": [{"a": {"$or": [{"b": [1]}] * 900}}] * 900}, "more than 1000 alternatives"),
        ({".".join("a" * 101): [1]}, "nested deeper than 100 levels"),
    ],
)
def test_a_pattern_that_would_take_for_ever_to_compile_is_refused(pattern: Any, says: str) -> None:
    with pytest.raises(InvalidFilter, match=says):
        EventPattern(pattern)


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


def test_the_example_of_the_documentation_matches_what_it_says() -> None:
    text = (Path(__file__).parents[3] / "docs/reference/filters.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    wanted = RecordFilter(yaml.safe_load(block)["filter"])
    image = {
        "Status": {"S": "open"},
        "Total": {"N": "100.5"},
        "Lines": {"L": [{"M": {"sku": {"S": "B-1"}}}, {"M": {"sku": {"S": "A-1"}}}]},
    }
    keys = {"id": {"S": "order-7"}}
    assert wanted.accepts(change_record(Keys=keys, NewImage=image))
    assert not wanted.accepts(change_record(Keys=keys, NewImage={**image, "Total": {"N": "1E2"}}))
    assert not wanted.accepts(change_record(Keys=keys, NewImage={**image, "Status": {"S": "draft"}}))
