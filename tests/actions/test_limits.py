"""The proxy in front of the test servers refuses what AWS refuses, and lets through what is just allowed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.servers.answers import Request
from tests.servers.limits import refusal

if TYPE_CHECKING:
    from tests.actions.sinks.aws import KinesisSink, SnsSink

KIBIBYTE = 1024
QUEUE = "http://localhost/000000000000/q"
TOPIC = "arn:aws:sns:us-west-2:000000000000:t"


class _Sent(Exception):  # noqa: N818 - what happens, not what failed
    """What the SDK was about to send."""


def said(service: str, operation: str, call: dict[str, Any]) -> str | None:
    """The code of the refusal of a call as the SDK writes it; None where nothing is against it."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    keys: dict[str, Any] = {"aws_access_key_id": "local", "aws_secret_access_key": "local-secret-key"}
    client = boto3.client(service, region_name="us-west-2", config=config, **keys)

    def keep(request: Any, **_: Any) -> None:
        body = request.body if isinstance(request.body, bytes) else request.body.encode()
        headers = {name: value if isinstance(value, str) else value.decode() for name, value in request.headers.items()}
        raise _Sent(Request(request.method, urlsplit(request.url).path, headers, body))

    client.meta.events.register("before-send", keep)
    with pytest.raises(_Sent) as sent:
        getattr(client, operation)(**call)
    answer = refusal(sent.value.args[0])
    if answer is None:
        return None
    if "x-amzn-errortype" in answer.headers:
        return answer.headers["x-amzn-errortype"]
    text = answer.body.decode()
    return text.split("<Code>")[1].split("<")[0] if text.startswith("<") else str(json.loads(text)["__type"])


def kinesis(*records: dict[str, Any]) -> str | None:
    return said("kinesis", "put_records", {"StreamName": "s", "Records": records})


def record(size: int = 1, key: str = "k", **more: Any) -> dict[str, Any]:
    return {"Data": b"x" * size, "PartitionKey": key, **more}


def test_kinesis_takes_500_records_of_a_megabyte_with_their_keys_and_five_in_a_call() -> None:
    mebibyte = 1024 * KIBIBYTE
    assert kinesis(*[record()] * 500) is None
    assert kinesis(*[record(mebibyte - 1)] * 5) is None
    assert kinesis(record(key="é" * 256, ExplicitHashKey=str(2**128 - 1))) is None
    assert kinesis(*[record()] * 501) == "ValidationException"
    assert kinesis() == "ValidationException"
    assert kinesis(record(mebibyte)) == "ValidationException"
    assert kinesis(*[record(mebibyte - 1)] * 5, record()) == "InvalidArgumentException"
    for wrong in (record(key=""), record(key="k" * 257), {"PartitionKey": "k"}, record(ExplicitHashKey=str(2**128))):
        assert kinesis(wrong) == "ValidationException"


def test_firehose_takes_500_records_of_1000_kib_and_four_megabytes_in_a_call() -> None:
    def firehose(*sizes: int) -> str | None:
        records = [{"Data": b"x" * size} for size in sizes]
        return said("firehose", "put_record_batch", {"DeliveryStreamName": "s", "Records": records})

    assert firehose(*[1] * 500) is None
    assert firehose(*[1000 * KIBIBYTE] * 4, 96 * KIBIBYTE) is None
    assert firehose(*[1] * 501) == firehose() == firehose(1000 * KIBIBYTE + 1) == "ValidationException"
    assert firehose(*[1000 * KIBIBYTE] * 4, 96 * KIBIBYTE + 1) == "InvalidArgumentException"


def events(*entries: dict[str, Any]) -> str | None:
    base = {"EventBusName": "b", "Source": "dynamodb", "DetailType": "d", "Detail": "{}"}
    return said("events", "put_events", {"Entries": [{**base, **entry} for entry in entries]})


def test_eventbridge_takes_ten_entries_and_a_quarter_of_a_megabyte_in_a_call() -> None:
    def padded(size: int) -> dict[str, str]:
        frame = len("dynamodb") + len("d") + len('{"x":""}')
        return {"Detail": json.dumps({"x": "x" * (size - frame)}, separators=(",", ":"))}

    assert events(*[{}] * 10) is None
    assert events(padded(128 * KIBIBYTE), padded(128 * KIBIBYTE)) is None
    assert events(*[{}] * 11) == events() == "ValidationException"
    assert events(padded(128 * KIBIBYTE), padded(128 * KIBIBYTE + 1)) == "ValidationException"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"Source": ""}, "ValidationException"),
        ({"Source": "s" * 257}, "ValidationException"),
        ({"DetailType": "d" * 129}, "ValidationException"),
        ({"Source": "aws.dynamodb"}, "NotAuthorizedForSourceException"),
        ({"Detail": "{"}, "MalformedDetail"),
        ({"Detail": "[]"}, "MalformedDetail"),
    ],
)
def test_an_event_that_eventbridge_would_not_take_is_refused(entry: dict[str, str], code: str) -> None:
    assert events(entry) == code


def sqs(*entries: dict[str, Any], queue: str = QUEUE) -> str | None:
    numbered = [{"Id": str(number), "MessageBody": "m", **entry} for number, entry in enumerate(entries)]
    return said("sqs", "send_message_batch", {"QueueUrl": queue, "Entries": numbered})


def sns(*entries: dict[str, Any], topic: str = TOPIC) -> str | None:
    numbered = [{"Id": str(number), "Message": "m", **entry} for number, entry in enumerate(entries)]
    return said("sns", "publish_batch", {"TopicArn": topic, "PublishBatchRequestEntries": numbered})


def test_queues_and_topics_take_ten_messages_with_ids_that_differ() -> None:
    for send in (sqs, sns):
        assert send(*[{}] * 10) is None
        assert send() == "EmptyBatchRequest"
        assert send(*[{}] * 11) == "TooManyEntriesInBatchRequest"
        assert send({"Id": "a"}, {"Id": "a"}) == "BatchEntryIdsNotDistinct"
        assert send({"Id": "a.b"}) == send({"Id": "a" * 81}) == "InvalidBatchEntryId"


def test_messages_and_their_attributes_have_a_limit_together() -> None:
    attributes = {"MessageAttributes": attribute(StringValue="v")}  # counts 8 bytes: a, String, v
    half = {"Message": "x" * (128 * KIBIBYTE)}
    assert sns(half, {**half, "Message": half["Message"][8:], **attributes}) is None
    assert sns(half, {**half, "Message": half["Message"][7:], **attributes}) == "BatchRequestTooLong"
    large = {"MessageBody": "x" * (512 * KIBIBYTE)}
    assert sqs(large, {"MessageBody": large["MessageBody"][8:], **attributes}) is None
    assert sqs(large, {"MessageBody": large["MessageBody"][7:], **attributes}) == "BatchRequestTooLong"


def attribute(name: str = "a", **value: str) -> dict[str, Any]:
    return {name: {"DataType": "String", **value}}


@pytest.mark.parametrize(
    "attributes",
    [
        attribute(StringValue=""),
        attribute(),
        attribute("a b", StringValue="v"),
        attribute("AWS.a", StringValue="v"),
        {"a": {"DataType": "Text", "StringValue": "v"}},
        {f"a{number}": {"DataType": "String", "StringValue": "v"} for number in range(11)},
    ],
)
def test_attributes_that_no_message_may_have_are_refused(attributes: dict[str, Any]) -> None:
    entry = {"MessageAttributes": attributes}
    assert sqs(entry) == sns(entry) == "InvalidParameterValue"


def test_fifo_wants_a_group_and_an_id_against_repetition_of_128_printable_characters() -> None:
    names = {"MessageGroupId": "g" * 128, "MessageDeduplicationId": "d" * 128}
    for send, place in ((sqs, {"queue": f"{QUEUE}.fifo"}), (sns, {"topic": f"{TOPIC}.fifo"})):
        assert send(names, **place) is None
        for name in names:
            for value in ("", "a b", "é", "x" * 129):
                assert send({**names, name: value}, **place) == "InvalidParameterValue"
        assert send(names) == "InvalidParameterValue"


def test_a_subject_is_one_line_of_100_characters() -> None:
    assert sns({"Subject": "s" * 100}) is None
    for wrong in ("", "s" * 101, "two\nlines"):
        assert sns({"Subject": wrong}) == "InvalidParameter"


def test_an_empty_message_is_refused() -> None:
    assert sqs({"MessageBody": ""}) == sns({"Message": ""}) == "InvalidParameterValue"


def test_a_session_of_a_role_has_a_name_and_a_time_that_sts_takes() -> None:
    def sts(**more: Any) -> str | None:
        role = {"RoleArn": "arn:aws:iam::999999999999:role/writer", "RoleSessionName": "session"}
        return said("sts", "assume_role", {**role, **more})

    assert sts() is None
    for wrong in ({"RoleSessionName": "a b"}, {"RoleSessionName": "a"}, {"DurationSeconds": 60}):
        assert sts(**wrong) == "ValidationError"


def test_lambda_takes_an_event_of_six_megabytes_of_json() -> None:
    def invoke(payload: bytes) -> str | None:
        return said("lambda", "invoke", {"FunctionName": "f", "Payload": payload})

    assert invoke(b'"' + b"x" * (6 * 1024 * KIBIBYTE - 2) + b'"') is None
    assert invoke(b'"' + b"x" * (6 * 1024 * KIBIBYTE - 1) + b'"') == "RequestTooLargeException"
    assert invoke(b"{") == "InvalidRequestContentException"


@pytest.mark.parametrize("sink", ["kinesis"], indirect=True)
def test_the_refusal_reaches_a_caller_as_the_services_own(sink: KinesisSink) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*501 records"):
        sink.client("kinesis", sink.faults.address).put_records(StreamName=sink.name, Records=[record()] * 501)
    assert sink.records() == []


@pytest.mark.parametrize("sink", ["sns"], indirect=True)
def test_a_refusal_in_xml_reaches_a_caller_as_the_services_own(sink: SnsSink) -> None:
    client = sink.client("sns", sink.faults.address)
    entries = [{"Id": str(number), "Message": "m"} for number in range(11)]
    with pytest.raises(client.exceptions.TooManyEntriesInBatchRequestException):
        client.publish_batch(TopicArn=sink.topic_arn, PublishBatchRequestEntries=entries)
    assert sink.read() == []
