"""What SQS and SNS share: texts, message attributes, and FIFO groups."""

from __future__ import annotations

import abc
import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

import msgspec
from msgspec import Meta

from record_processor.actions._aws_batched_action import AwsBatchedAction, AwsFormattedSettings
from record_processor.errors import ActionError, InvalidSettingError
from record_processor.plugin import trace_context
from record_processor.plugin.action import Destination
from record_processor.plugin.batched_action import BatchEntry
from record_processor.records.template import TextTemplate
from record_processor.text.safe_text import identifier, message_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.records.change_record import ChangeRecord

KIBIBYTE = 1024

# Characters that SQS accepts in a message, beside those that JSON escapes anyway; escaped in JSON, they are the same
# text.
_REFUSED = {"\ufffe": "\\ufffe", "\uffff": "\\uffff"}
_MOST_ATTRIBUTES = 10
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
_ATTRIBUTE_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!.*\.\.)[A-Za-z0-9_-](?:[A-Za-z0-9_.-]{0,254}[A-Za-z0-9_-])?")


class MessageSettings(AwsFormattedSettings, kw_only=True, frozen=True):
    """The settings of both."""

    group: Annotated[
        TextTemplate | None, Meta(description="Message group ID for FIFO, as a template. Default: the item's keys.")
    ] = None
    attributes: Annotated[
        dict[str, TextTemplate],
        Meta(description="Message attributes as names and templates, at most 10. Subscription filters can use them."),
    ] = msgspec.field(default_factory=dict)


MessageSettingsT = TypeVar("MessageSettingsT", bound=MessageSettings)


class MessageAction(AwsBatchedAction[MessageSettingsT], abc.ABC):
    """Sends each record as a message: a text, attributes, and for FIFO a group and a deduplication id."""

    text_name: ClassVar[str]
    """The service's name for the text."""
    resource_key: ClassVar[str]
    """The setting that names the queue or topic."""

    def __init__(self, settings: MessageSettingsT) -> None:
        super().__init__(settings)
        check_attributes(settings.attributes)
        self._fifo = self.resource.endswith(".fifo")

    @property
    def destination(self) -> Destination:
        return Destination(self.resource_key, (self.service, self.resource))

    def entry(self, record: ChangeRecord) -> BatchEntry:
        text = body(self.shape.encoded(record))
        attributes = attributes_of(self.settings.attributes, record)
        if context := trace_context.current():
            attributes = with_context(attributes, context, self.limits.entry_bytes - size_bytes(text, attributes))
        message: dict[str, Any] = {self.text_name: text}
        if attributes:
            message["MessageAttributes"] = attributes
        if self._fifo:
            template = self.settings.group
            message["MessageGroupId"] = identifier(
                group_of(record) if template is None else template.text(record.plain)
            )
            message["MessageDeduplicationId"] = deduplication_id(self.settings.name, record)
        return BatchEntry(message, size_bytes(text, attributes))


def body(encoded: bytes) -> str:
    """Return JSON as a message's text."""
    text = encoded.decode()
    for refused, escaped in _REFUSED.items():  # almost never present, and this is the fastest check
        text = text.replace(refused, escaped)
    return text


def group_of(record: ChangeRecord) -> str:
    """Return FIFO's message group for an item: its keys. So an item's messages keep their order and block no others.

    A group has at most 128 characters and no spaces; keys that do not fit are hashed.
    """
    return identifier(record.raw_keys.decode(errors="replace"))


def deduplication_id(action: str, record: ChangeRecord) -> str:
    """Return FIFO's deduplication id for a record and an action, since two actions may use one queue.

    It has at most 128 characters; what does not fit is hashed.
    """
    return identifier(f"{action}-{record.event_id}")


def check_attributes(attributes: Mapping[str, TextTemplate]) -> None:
    """Raise InvalidSettingError if there are too many attributes for a message, or one has an invalid name."""
    if len(attributes) > _MOST_ATTRIBUTES:
        message = f"a message has at most {_MOST_ATTRIBUTES} attributes, found {len(attributes)}"
        raise InvalidSettingError("attributes", message)
    for name in attributes:
        if not _ATTRIBUTE_NAME.fullmatch(name):
            expected = "up to 256 letters, digits, _, - and single dots inside, without AWS. or Amazon. before them"
            raise InvalidSettingError("attributes", f"{name!a} is not a valid attribute name: expected {expected}")


def attributes_of(templates: Mapping[str, TextTemplate], record: ChangeRecord) -> dict[str, Any]:
    """Return the message attributes for a record, limited to characters that the services accept.

    Empty ones are left out, since no attribute may be empty.
    """
    if not templates:
        return {}
    plain = record.plain
    texts = {name: message_text(template.text(plain)) for name, template in templates.items()}
    return {name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text}


def with_context(attributes: dict[str, Any], context: Mapping[str, str], room_bytes: int) -> dict[str, Any]:
    """Return the attributes with those of the trace's context that fit: a message goes before its trace."""
    if trace_context.NAMES & attributes.keys():
        return attributes
    more = dict(attributes)
    for name, value in context.items():
        one = {name: {"DataType": "String", "StringValue": value}}
        room_bytes -= size_bytes("", one)
        if len(more) == _MOST_ATTRIBUTES or room_bytes < 0:
            break
        more |= one
    return more


def size_bytes(text: str, attributes: Mapping[str, Any]) -> int:
    """Return the size that counts for a message: its text, and name, type and value of each attribute."""
    rest = sum(len(name) + len("String") + len(value["StringValue"].encode()) for name, value in attributes.items())
    return len(text.encode()) + rest


def failures_by_id(service: str, operation: str, answer: Mapping[str, Any], entries: int) -> dict[int, Exception]:
    """Return the failures of a batch whose ids are positions; entries that the answer does not name have failed too."""
    from record_processor.aws.call_errors import of_entry

    failed = {one["Id"]: one for one in answer.get("Failed", ())}
    done = {one["Id"] for one in answer.get("Successful", ())} - failed.keys()
    failures: dict[int, Exception] = {}
    for position in range(entries):
        if (one := failed.get(str(position))) is not None:
            failures[position] = of_entry(service, operation, one.get("Code"), one.get("Message"))
        elif str(position) not in done:
            failures[position] = ActionError(f"{operation}: the response has no result for this entry")
    return failures
