from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from record_processor.errors import InvalidSettingError, UndecodableRecordError
from record_processor.plugin.record_format import FormattedSettings, RecordFormat
from record_processor.records.template import Template
from tests.builders import ARN, change_record

VALUES: dict[str, Any] = {
    "Company": {"S": "Motorola"},
    "digits": {"N": "-0.1234567890123456789012345678901234567"},
    "whole": {"N": "12"},
    "binary": {"B": "AP8="},
    "set": {"NS": ["2", "1"]},
    "inside": {"M": {"list": {"L": [{"NULL": True}, {"BOOL": False}]}}},
}


def shaped(**settings: Any) -> Any:
    record = change_record(NewImage=VALUES, OldImage=VALUES, eventName="MODIFY")
    return json.loads(
        RecordFormat(FormattedSettings(name="a", type="x", **settings)).encoded(record), parse_float=Decimal
    )


def test_lambdas_shape_is_the_default() -> None:
    record = shaped()
    assert record == shaped(format="lambda")
    assert record["eventSourceARN"] == ARN
    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1_795_415_484
    assert record["dynamodb"]["NewImage"] == VALUES


def test_the_streams_own_shape_has_milliseconds_and_no_arn() -> None:
    record = shaped(format="dynamodb")
    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1_795_415_484_321
    assert "eventSourceARN" not in record


def test_the_plain_shape_has_ordinary_values_and_exact_numbers() -> None:
    record = shaped(format="plain")
    assert record["keys"] == {"Company": "Motorola", "Model": "Cool Phone"}
    assert record["old"] == record["new"]
    assert record["new"] == {
        "Company": "Motorola",
        "digits": Decimal("-0.1234567890123456789012345678901234567"),
        "whole": 12,
        "binary": "AP8=",
        "set": [2, 1],
        "inside": {"list": [None, False]},
    }
    assert record["createdAt"] == "2026-11-23T06:31:24.321Z"
    assert {name: record[name] for name in ("eventName", "table")} == {"eventName": "MODIFY", "table": "Phones"}


def test_images_that_are_not_there_are_left_out() -> None:
    shape = RecordFormat(FormattedSettings(name="a", type="x", format="plain"))
    keys_only = shape.of(change_record(NewImage={}, OldImage={}, StreamViewType="KEYS_ONLY"))
    assert set(keys_only) == {"eventID", "eventName", "table", "sequenceNumber", "createdAt", "keys"}


def test_a_deletion_by_ttl_says_who_made_it() -> None:
    identity = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    record = change_record(userIdentity=identity, eventName="REMOVE")
    assert RecordFormat(FormattedSettings(name="a", type="x", format="plain")).of(record)["userIdentity"] == identity


def test_a_template_and_a_format_together_are_refused() -> None:
    with pytest.raises(InvalidSettingError, match="write one of the two"):
        FormattedSettings(name="a", type="x", format="plain", template=Template("{table}"))


def test_an_image_that_is_none_is_named_by_its_sequence_number() -> None:
    shape = RecordFormat(FormattedSettings(name="a", type="x", format="plain"))
    with pytest.raises(UndecodableRecordError, match="record 000000000000000000001 cannot be decoded"):
        shape.of(change_record(NewImage={"a": {"X": 1}}))
