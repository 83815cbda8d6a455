"""Batches of records in both forms: in base64 as KCL writes them, and as JSON as our Java side does."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from amazon_kclpy import kcl
from hypothesis import given
from hypothesis import strategies as st

from record_processor.records.change_record import decode
from record_processor.shard.multilang import channel_of
from tests.builders import STREAM, adapter_json

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.builds(lambda text: {"S": text}, TEXTS)
    | st.builds(lambda number: {"N": str(number)}, st.decimals(allow_nan=False, allow_infinity=False))
    | st.builds(lambda content: {"B": base64.b64encode(content).decode()}, st.binary())
    | st.builds(lambda truth: {"BOOL": truth}, st.booleans())
    | st.just({"NULL": True})
    | st.builds(lambda texts: {"SS": texts}, st.lists(TEXTS, min_size=1)),
    lambda inner: (
        st.builds(lambda values: {"L": values}, st.lists(inner))
        | st.builds(lambda values: {"M": values}, st.dictionaries(TEXTS, inner))
    ),
    max_leaves=6,
)
IMAGES = st.dictionaries(TEXTS, VALUES, max_size=4)


def _read(message: dict[str, Any], escaped: bool = True) -> Any:
    line = json.dumps(message, ensure_ascii=escaped, separators=(",", ":")).encode() + b"\n"
    process = kcl.KCLProcess(type("P", (), {"version": 3})(), io.BytesIO(), io.StringIO(), io.StringIO())
    channel_of(process, io.BytesIO(line), io.StringIO())
    return process.io_handler.load_action(process.io_handler.read_line())


def _in_base64(records: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    told = [
        {"action": "record", "data": base64.b64encode(json.dumps(record).encode()).decode(), "sequenceNumber": number}
        for number, record in records
    ]
    return {"action": "processRecords", "records": told, "millisBehindLatest": 7}


def _as_json(records: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    return {"action": "processRecords", "millisBehindLatest": 7, "jsonRecords": records}


@given(st.lists(st.tuples(IMAGES, IMAGES), max_size=4), st.booleans())
def test_records_are_the_same_in_both_forms(images: list[tuple[Any, Any]], escaped: bool) -> None:
    records = [
        (str(number), adapter_json(SequenceNumber=str(number), NewImage=new, OldImage=old))
        for number, (new, old) in enumerate(images, start=1)
    ]
    one, other = _read(_in_base64(records)), _read(_as_json(records), escaped)
    assert one.millis_behind_latest == other.millis_behind_latest == 7
    assert [record.sequence_number for record in other.records] == [number for number, _ in records]
    for found, expected in zip(other.records, one.records, strict=True):
        assert json.loads(found.binary_data) == json.loads(expected.binary_data)
        changes = [decode(record.binary_data, STREAM, record.sequence_number) for record in (found, expected)]
        assert changes[0].to_lambda() == changes[1].to_lambda()


def test_an_empty_batch_has_no_records() -> None:
    assert _read(_as_json([])).records == _read(_in_base64([])).records == []


def test_a_record_does_not_keep_its_message_in_memory() -> None:
    (record,) = _read(_as_json([("1", adapter_json())])).records
    assert type(record.binary_data) is bytes


def test_a_record_that_is_no_change_keeps_its_sequence_number() -> None:
    (record,) = _read(_as_json([("1", {"no": "change"})])).records
    assert (record.sequence_number, json.loads(record.binary_data)) == ("1", {"no": "change"})


def test_a_message_without_any_records_field_is_an_error() -> None:
    with pytest.raises(ValueError, match="neither jsonRecords nor records"):
        _read({"action": "processRecords", "millisBehindLatest": 7})


def test_a_broken_message_is_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        _read({"action": "processRecords", "jsonRecords": [["1"]]})
