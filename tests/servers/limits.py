"""What AWS rejects and a test server accepts: each call is checked before it gets there.

The numbers are those of the calls' references at AWS. They are repeated here and not imported, so that an action that
exceeds them is rejected. Services have raised some since; the actions keep to those that apply everywhere.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.servers import message_limits
from tests.servers.answers import Answer, Request, as_json, as_query_error
from tests.servers.refused import RefusedError, check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KIBIBYTE = 1024
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_TIME_BYTES = 14


def refusal(request: Request) -> Answer | None:
    """Return the answer to a call that AWS would not accept; None if there is nothing against it."""
    if request.path.partition("?")[0].endswith("/invocations"):
        return _refusal_of_client_context(request.headers) or _refusal_of_event(request.body)
    target = next((value for name, value in request.headers.items() if name.lower() == "x-amz-target"), "")
    call = json.loads(request.body) if target else _nested(request)
    try:
        _CHECKS.get(target.rpartition(".")[2] or call.get("Action", ""), _nothing)(call)
    except RefusedError as error:
        if target:
            return as_json(400, {"__type": error.code, "message": str(error)})
        return as_query_error(400, error.code, str(error))
    return None


def _refusal_of_client_context(headers: Mapping[str, str]) -> Answer | None:
    """Of Lambda's Invoke: an object in base64, up to 3,583 bytes."""
    text = next((value for name, value in headers.items() if name.lower() == "x-amz-client-context"), "e30=")
    if len(text) <= 3583 and _is_object(base64.b64decode(text, validate=True).decode()):
        return None
    return Answer(400, {"x-amzn-errortype": "InvalidRequestContentException"}, b'{"message": "the client context"}')


def _refusal_of_event(event: bytes) -> Answer | None:
    """Of Lambda's Invoke: JSON of 6 MiB."""
    if len(event) > 6 * 1024 * _KIBIBYTE:
        return Answer(413, {"x-amzn-errortype": "RequestTooLargeException"}, b'{"message": "more than 6291456 bytes"}')
    try:
        json.loads(event)
    except ValueError:
        return Answer(400, {"x-amzn-errortype": "InvalidRequestContentException"}, b'{"message": "no JSON"}')
    return None


def put_records(call: Mapping[str, Any]) -> None:
    """Of Kinesis: 500 records of 1 MiB with their keys, 5 MiB in all."""
    records = call["Records"]
    check(1 <= len(records) <= 500, f"{len(records)} records")
    sizes = []
    for record in records:
        key = _text(record, "PartitionKey", 256)
        place = record.get("ExplicitHashKey", "0")
        check(place.isdecimal() and int(place) < 2**128, f"the ExplicitHashKey {place}")
        sizes.append(_data_bytes(record) + len(key.encode()))
    check(max(sizes) <= 1024 * _KIBIBYTE, f"a record of {max(sizes)} bytes")
    check(sum(sizes) <= 5 * 1024 * _KIBIBYTE, f"{sum(sizes)} bytes in all", "InvalidArgumentException")


def put_record_batch(call: Mapping[str, Any]) -> None:
    """Of Firehose: 500 records of 1,000 KiB, 4 MiB in all."""
    records = call["Records"]
    check(1 <= len(records) <= 500, f"{len(records)} records")
    sizes = [_data_bytes(record) for record in records]
    check(max(sizes) <= 1000 * _KIBIBYTE, f"a record of {max(sizes)} bytes")
    check(sum(sizes) <= 4 * 1024 * _KIBIBYTE, f"{sum(sizes)} bytes in all", "InvalidArgumentException")


def put_events(call: Mapping[str, Any]) -> None:
    """Of EventBridge: 10 entries, 256 KiB in all; a detail is an object in JSON, a time is in seconds."""
    entries = call["Entries"]
    check(1 <= len(entries) <= 10, f"{len(entries)} entries")
    for entry in entries:
        source = _text(entry, "Source", 256)
        check(not source.startswith("aws."), f"the source {source}", "NotAuthorizedForSourceException")
        _text(entry, "DetailType", 128)
        check(_is_object(entry.get("Detail", "")), "a detail that is no object", "MalformedDetail")
        check(isinstance(entry.get("Time", 0), (int, float)), f"the time {entry.get('Time')}", "SerializationException")
    size = sum(map(_event_bytes, entries))
    check(size <= 256 * _KIBIBYTE, f"{size} bytes in all")


def assume_role(call: Mapping[str, Any]) -> None:
    """Of STS: a session's name has 2 to 64 characters, and it lasts 15 minutes to 12 hours."""
    name, seconds = call.get("RoleSessionName", ""), int(call.get("DurationSeconds", 3600))
    check(_SESSION_NAME.fullmatch(name) is not None, f"the session's name {name}", "ValidationError")
    check(900 <= seconds <= 12 * 3600, f"{seconds} seconds", "ValidationError")


def _nothing(_call: Mapping[str, Any]) -> None:
    """Other calls are left to the servers."""


_CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "PutRecords": put_records,
    "PutRecordBatch": put_record_batch,
    "PutEvents": put_events,
    "SendMessageBatch": message_limits.send_message_batch,
    "PublishBatch": message_limits.publish_batch,
    "AssumeRole": assume_role,
}


def _text(entry: Mapping[str, Any], name: str, longest: int) -> str:
    text = str(entry.get(name, ""))
    check(1 <= len(text) <= longest, f"a {name} of {len(text)} characters")
    return text


def _data_bytes(record: Mapping[str, Any]) -> int:
    check("Data" in record, "a record without Data")
    return len(base64.b64decode(record["Data"], validate=True))


def _event_bytes(entry: Mapping[str, Any]) -> int:
    texts = [entry["Source"], entry["DetailType"], entry["Detail"], *entry.get("Resources", [])]
    return sum(len(text.encode()) for text in texts) + ("Time" in entry) * _TIME_BYTES


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _nested(request: Request) -> dict[str, Any]:
    """Read a form of the query protocol: `a.b.1=x` is x in a, b, 1. Nothing if the request is not one."""
    call: dict[str, Any] = {}
    form = request.body.decode() if request.body.startswith(b"Action=") else ""
    for name, value in parse_qsl(form, keep_blank_values=True):
        *parents, last = name.split(".")
        place = call
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return call
