"""What SQS and SNS refuse of a batch of messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.servers.refused import check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KIBIBYTE = 1024
_PRINTABLE = re.compile(r"[!-~]{1,128}")
_ENTRY_ID = re.compile(r"[\w-]{1,80}", re.ASCII)
_ATTRIBUTE_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!.*\.\.)[\w-]([\w.-]{0,254}[\w-])?", re.ASCII)
_OF_FIFO = ("MessageGroupId", "MessageDeduplicationId")


def send_message_batch(call: Mapping[str, Any]) -> None:
    """Of SQS: 10 messages, 1 MiB in all."""
    _check_batch(call["Entries"], "MessageBody", call["QueueUrl"].endswith(".fifo"), 1024 * _KIBIBYTE)


def publish_batch(call: Mapping[str, Any]) -> None:
    """Of SNS: 10 messages, 256 KiB in all; a subject is a line of 100 characters."""
    members = (call.get("PublishBatchRequestEntries") or {}).get("member", {})
    entries = [_with_attributes(one) for one in members.values()]
    for subject in (entry["Subject"] for entry in entries if "Subject" in entry):
        check(1 <= len(subject) <= 100 and subject.isprintable(), f"the subject {subject!a}", "InvalidParameter")
    _check_batch(entries, "Message", call["TopicArn"].endswith(".fifo"), 256 * _KIBIBYTE)


def _with_attributes(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes by their names, as SQS has them, and not by numbers."""
    members = entry.get("MessageAttributes", {}).get("entry", {}).values()
    return {**entry, "MessageAttributes": {member["Name"]: member["Value"] for member in members}}


def _check_batch(entries: Sequence[Mapping[str, Any]], text: str, is_fifo: bool, most_bytes: int) -> None:
    ids = [entry["Id"] for entry in entries]
    check(bool(ids), "no entries", "EmptyBatchRequest")
    check(len(ids) <= 10, f"{len(ids)} entries", "TooManyEntriesInBatchRequest")
    check(all(map(_ENTRY_ID.fullmatch, ids)), f"the ids {ids}", "InvalidBatchEntryId")
    check(len(ids) == len(set(ids)), f"the ids {ids}", "BatchEntryIdsNotDistinct")
    for entry in entries:
        check(bool(entry.get(text)), f"no {text}", "InvalidParameterValue")
        _check_attributes(entry.get("MessageAttributes", {}))
        _check_fifo(entry, is_fifo)
    size = sum(len(entry[text].encode()) + _attribute_bytes(entry.get("MessageAttributes", {})) for entry in entries)
    check(size <= most_bytes, f"{size} bytes in all", "BatchRequestTooLong")


def _check_attributes(attributes: Mapping[str, Mapping[str, str]]) -> None:
    check(len(attributes) <= 10, f"{len(attributes)} attributes", "InvalidParameterValue")
    for name, value in attributes.items():
        check(_ATTRIBUTE_NAME.fullmatch(name) is not None, f"an attribute named {name}", "InvalidParameterValue")
        kind = value["DataType"].partition(".")[0]
        check(kind in ("String", "Number", "Binary"), f"an attribute of type {kind}", "InvalidParameterValue")
        check(bool(value.get("StringValue") or value.get("BinaryValue")), f"{name} is empty", "InvalidParameterValue")


def _check_fifo(entry: Mapping[str, Any], is_fifo: bool) -> None:
    for name in _OF_FIFO if is_fifo else ():
        check(
            _PRINTABLE.fullmatch(entry.get(name, "")) is not None, f"{name} {entry.get(name)}", "InvalidParameterValue"
        )
    check(is_fifo or "MessageDeduplicationId" not in entry, "a MessageDeduplicationId", "InvalidParameterValue")


def _attribute_bytes(attributes: Mapping[str, Mapping[str, str]]) -> int:
    texts = [text for name, value in attributes.items() for text in (name, *value.values())]
    return sum(len(text.encode()) for text in texts)
