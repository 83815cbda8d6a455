"""What SQS and SNS have in common: texts, attributes of messages, and FIFO's groups."""

from __future__ import annotations

import abc
import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

import msgspec
from msgspec import Meta

from record_processor.actions._aws_batched_action import AwsBatchedAction, AwsFormattedSettings
from record_processor.errors import ActionError, InvalidSettingError
from record_processor.plugin.action import Destination
from record_processor.plugin.batched_action import BatchEntry
from record_processor.records.template import TextTemplate
from record_processor.text.safe_text import identifier, message_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.records.change_record import ChangeRecord

KIBIBYTE = 1024

# What SQS takes in a message beside what JSON escapes anyway; written as JSON escapes they are the same text.
_REFUSED = {"\ufffe": "\\ufffe", "\uffff": "\\uffff"}
_MOST_ATTRIBUTES = 10
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
_ATTRIBUTE_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!.*\.\.)[A-Za-z0-9_-](?:[A-Za-z0-9_.-]{0,254}[A-Za-z0-9_-])?")


class MessageSettings(AwsFormattedSettings, kw_only=True, frozen=True):
    """The keys of both."""

    group: Annotated[
        TextTemplate | None, Meta(description="Message group ID for FIFO, as a template. Default: the item's keys.")
    ] = None
    attributes: Annotated[
        dict[str, TextTemplate],
        Meta(description="Message attributes as names and templates, at most 10. Subscription filters can use them."),
    ] = msgspec.field(default_factory=dict)


MessageSettingsT = TypeVar("MessageSettingsT", bound=MessageSettings)


class MessageAction(AwsBatchedAction[MessageSettingsT], abc.ABC):
    """A record is a message: a text, attributes, and for FIFO a group and an id that tells repetitions."""

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
    """JSON as a message's text."""
    text = encoded.decode()
    for refused, escaped in _REFUSED.items():  # next to never there, and this is the quickest look
        text = text.replace(refused, escaped)
    return text


def group_of(record: ChangeRecord) -> str:
    """FIFO's message group of an item: its keys, so that one item's messages keep their order and hold up no other's.

    A group has 128 characters at most and no spaces; keys that do not fit are hashed.
    """
    return identifier(record.raw_keys.decode(errors="replace"))


def deduplication_id(action: str, record: ChangeRecord) -> str:
    """FIFO's id that tells repetitions: of a record and of an action, since two actions may have one queue.

    It has 128 characters at most; what does not fit is hashed.
    """
    return identifier(f"{action}-{record.event_id}")


def check_attributes(attributes: Mapping[str, TextTemplate]) -> None:
    """Raise InvalidSettingError where there are more than a message may have, or one with a name that none may have."""
    if len(attributes) > _MOST_ATTRIBUTES:
        message = f"a message has at most {_MOST_ATTRIBUTES} attributes, found {len(attributes)}"
        raise InvalidSettingError("attributes", message)
    for name in attributes:
        if not _ATTRIBUTE_NAME.fullmatch(name):
            expected = "up to 256 letters, digits, _, - and single dots inside, without AWS. or Amazon. before them"
            raise InvalidSettingError("attributes", f"{name!a} is not a valid attribute name: expected {expected}")


def attributes_of(templates: Mapping[str, TextTemplate], record: ChangeRecord) -> dict[str, Any]:
    """The message attributes for a record, of characters that the services take.

    Those that come out empty are left out, since none may be empty.
    """
    if not templates:
        return {}
    plain = record.plain
    texts = {name: message_text(template.text(plain)) for name, template in templates.items()}
    return {name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text}


def size_bytes(text: str, attributes: Mapping[str, Any]) -> int:
    """What a message counts for: its text, and name, type and value of each attribute."""
    rest = sum(len(name) + len("String") + len(value["StringValue"].encode()) for name, value in attributes.items())
    return len(text.encode()) + rest


def failures_by_id(service: str, operation: str, answer: Mapping[str, Any], entries: int) -> dict[int, Exception]:
    """Failures of a batch whose entries had their positions for ids; what an answer does not name has failed too."""
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
