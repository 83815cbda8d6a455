from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from record_processor.errors import UndecodableRecordError
from record_processor.records.change_record import decode
from record_processor.records.stream import Stream
from tests.builders import ARN, STREAM, adapter_json, change_record


def test_a_record_has_its_parts_as_python_values() -> None:
    record = change_record(eventName="MODIFY", OldImage={"Company": {"S": "Motorola"}, "Size": {"N": "11"}})
    assert record.event_name == "MODIFY"
    assert record.event_id == "74fbc7ae-ae3f-417b-a3fa-4325d6a676b0"
    assert record.table == "Phones"
    assert record.stream_arn == ARN
    assert record.sequence_number == "000000000000000000001"
    assert record.stream_view_type == "NEW_AND_OLD_IMAGES"
    assert record.size_bytes == 30
    assert record.keys == {"Company": "Motorola", "Model": "Cool Phone"}
    assert record.new_image == {"Company": "Motorola", "Model": "Cool Phone", "Size": Decimal(12)}
    assert record.old_image == {"Company": "Motorola", "Size": Decimal(11)}
    assert record.created_at == datetime(2026, 11, 23, 6, 31, 24, 321000, tzinfo=timezone.utc)


def test_the_raw_record_is_kept_as_it_came() -> None:
    raw = json.dumps(adapter_json()).encode()
    assert decode(raw, STREAM, "1").raw == raw


@pytest.mark.parametrize("absent", [{}, None])
def test_an_image_that_the_view_type_leaves_out_is_none(absent: Any) -> None:
    record = change_record(NewImage=absent, OldImage=absent, StreamViewType="KEYS_ONLY")
    assert (record.new_image, record.old_image) == (None, None)
    assert {"NewImage", "OldImage"}.isdisjoint(record.to_lambda()["dynamodb"])


def test_lambdas_event_has_the_stream_and_the_creation_time_in_seconds() -> None:
    event = change_record().to_lambda()
    assert event == {
        "awsRegion": "us-west-2",
        "eventID": "74fbc7ae-ae3f-417b-a3fa-4325d6a676b0",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.1",
        "eventSourceARN": ARN,
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_415_484,
            "Keys": {"Company": {"S": "Motorola"}, "Model": {"S": "Cool Phone"}},
            "NewImage": {"Company": {"S": "Motorola"}, "Model": {"S": "Cool Phone"}, "Size": {"N": "12"}},
            "SequenceNumber": "000000000000000000001",
            "SizeBytes": 30,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def test_a_deletion_by_ttl_says_who_made_it() -> None:
    identity = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    assert change_record(eventName="REMOVE", userIdentity=identity).user_identity == identity


LOCALS = Stream("arn:aws:dynamodb:ddblocal:000000000000:table/Phones/stream/2026-11-23T06:31:23.882", "us-west-2")


def deletion(**overrides: Any) -> bytes:
    """What TTL has deleted, as DynamoDB Local has it."""
    image = {"Company": {"S": "Motorola"}, "Expires": {"N": "1795676158"}}
    more = {"eventName": "UNKNOWN_TO_SDK_VERSION", "NewImage": {}, "OldImage": image, "awsRegion": "ddblocal"}
    return json.dumps(adapter_json(**{**more, **overrides})).encode()


@pytest.mark.parametrize("old", [{"Company": {"S": "Motorola"}}, {}])
def test_a_deletion_by_ttl_in_dynamodb_local_is_one_as_dynamodb_has_it(old: Any) -> None:
    record = decode(deletion(OldImage=old), LOCALS, "1")
    identity = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    assert (record.event_name, record.user_identity) == ("REMOVE", identity)
    assert (record.to_lambda()["eventName"], record.to_lambda()["userIdentity"]) == ("REMOVE", identity)
    assert (record.old_image is None) == (not old)


@pytest.mark.parametrize(
    ("raw", "stream"),
    [
        (deletion(), STREAM),  # of AWS, what is not known is not guessed
        (deletion(NewImage={"Company": {"S": "Motorola"}}), LOCALS),
        (deletion(eventName="EXPIRE"), LOCALS),
        (deletion(StreamViewType="ALL"), LOCALS),
        (b'{"eventName": "UNKNOWN_TO_SDK_VERSION"}', LOCALS),
        (b"[" * 100_000, LOCALS),
    ],
)
def test_no_other_record_is_taken_for_a_deletion(raw: bytes, stream: Stream) -> None:
    with pytest.raises(UndecodableRecordError):
        decode(raw, stream, "1")


def test_an_item_of_400_kb_decodes_whole() -> None:
    big = "é" * 200_000
    record = change_record(NewImage={"Blob": {"S": big}, "Number": {"N": "-" + "9" * 38}})
    assert record.new_image == {"Blob": big, "Number": Decimal("-" + "9" * 38)}


def without(name: str) -> dict[str, Any]:
    record = adapter_json()
    (record if name in record else record["dynamodb"]).pop(name)
    return record


@pytest.mark.parametrize("name", ["eventName", "eventID", "dynamodb", "Keys", "SequenceNumber", "StreamViewType"])
def test_a_missing_field_is_an_error_that_names_record_and_field(name: str) -> None:
    with pytest.raises(UndecodableRecordError, match=rf"record 42 cannot be decoded: .*{name}"):
        decode(json.dumps(without(name)).encode(), STREAM, "42")


@pytest.mark.parametrize(
    ("overrides", "where"),
    [
        ({"eventName": "UPSERT"}, "eventName"),
        ({"StreamViewType": "ALL"}, "StreamViewType"),
        ({"SizeBytes": "x"}, "Size"),
    ],
)
def test_an_unknown_or_ill_typed_field_is_an_error_that_names_it(overrides: dict[str, Any], where: str) -> None:
    with pytest.raises(UndecodableRecordError, match=where):
        decode(json.dumps(adapter_json(**overrides)).encode(), STREAM, "42")


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'"text"'])
def test_bytes_that_are_no_record_are_an_error_that_names_the_record(raw: bytes) -> None:
    with pytest.raises(UndecodableRecordError, match="record 42"):
        decode(raw, STREAM, "42")


def test_an_image_that_cannot_be_read_is_an_error_that_names_the_record() -> None:
    record = change_record(NewImage={"Size": {"N": "twelve"}})
    with pytest.raises(UndecodableRecordError, match=r"record 000000000000000000001 .*twelve"):
        _ = record.new_image
