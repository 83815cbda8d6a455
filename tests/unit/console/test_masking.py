"""Without --show-values no value of an item is shown, wherever it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from record_processor.console.masking import masked, text_of
from tests.builders import adapter_json

SECRET = "4111-secret"
VALUES: list[Any] = [
    {"S": SECRET},
    {"N": SECRET},
    {"B": SECRET},
    {"SS": [SECRET]},
    {"L": [{"S": SECRET}]},
    {"M": {SECRET: {"S": SECRET}}},
    {"S": SECRET, "X": SECRET},
    SECRET,
    [SECRET],
    None,
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("image", ["Keys", "NewImage", "OldImage"])
def test_values_are_hidden_and_names_and_types_are_not(image: str, value: Any) -> None:
    record = adapter_json(**{image: {"Card": value}})
    text = text_of(record, shows_values=False)
    assert SECRET not in text
    assert "Card" in text
    assert record["dynamodb"]["SequenceNumber"] in text
    if value is not None:
        assert SECRET in text_of(record, shows_values=True)


@pytest.mark.parametrize(
    "record",
    [
        SECRET,
        [SECRET],
        {"other": SECRET},
        {"dynamodb": SECRET},
        {"dynamodb": {"Other": SECRET, "NewImage": SECRET}},
        {"dynamodb": {"NewImage": [{"Card": {"S": SECRET}}]}},
    ],
)
def test_what_is_not_known_to_be_no_value_is_hidden(record: Any) -> None:
    assert SECRET not in json.dumps(masked(record))


def test_types_say_what_there_was() -> None:
    found = masked(adapter_json(NewImage={"Card": {"S": SECRET}, "Sum": {"N": "1"}}))
    assert found["dynamodb"]["NewImage"] == {"Card": {"S": "•••"}, "Sum": {"N": "•••"}}


def test_characters_that_are_none_or_turn_the_text_around_are_written_out() -> None:
    text = text_of(adapter_json(NewImage={"A\u202e": {"S": "\u202egnp.exe \ud800 \x00"}}), shows_values=True)
    assert "\\u202egnp.exe \\ud800" in text
    assert text.encode()
    assert not set("\u202e\ud800\x00") & set(text)


def test_a_long_record_is_cut() -> None:
    assert len(text_of(adapter_json(NewImage={"A": {"S": "x" * 400_000}}), shows_values=True)) < 25_000
