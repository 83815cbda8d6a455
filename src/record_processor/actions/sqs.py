"""`sqs`: each record is a message of a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from record_processor.actions.aws_batches import AwsBatchedAction, AwsShapedSettings
from record_processor.actions.batches import Entry, Limits
from record_processor.actions.messages import (
    KIBIBYTE,
    attributes_of,
    body,
    check_attributes,
    failures_by_id,
    group_of,
    size_bytes,
)
from record_processor.actions.template import TextTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.worker.records import ChangeRecord


class SqsSettings(AwsShapedSettings, kw_only=True, frozen=True):
    """Sends each record as a message to an SQS queue; to a FIFO queue in order per item, without duplicates."""

    queue_url: Annotated[
        str,
        Meta(
            description="The queue's address; one that ends with .fifo is a FIFO queue.",
            pattern="^https?://",
            extra={"expected": "a queue's address, such as https://sqs.eu-west-1.amazonaws.com/123456789012/orders"},
        ),
    ]
    group: Annotated[TextTemplate | None, Meta(description="FIFO's message group (the item's keys); a template.")] = (
        None
    )
    attributes: Annotated[
        dict[str, TextTemplate], Meta(description="Message attributes: names and templates, at most 10.")
    ] = msgspec.field(default_factory=dict)


class SqsAction(AwsBatchedAction[SqsSettings]):
    settings_type = SqsSettings
    service = "sqs"
    operation = "SendMessageBatch"
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    limits = Limits(entries=10, call_bytes=1024 * KIBIBYTE, entry_bytes=1024 * KIBIBYTE)
    default_batch_size = 10
    example = """\
- name: orders
  type: sqs
  queue_url: https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo
  format: plain
"""

    def __init__(self, settings: SqsSettings) -> None:
        super().__init__(settings)
        check_attributes(settings.attributes)
        self._fifo = settings.queue_url.endswith(".fifo")

    def entry(self, record: ChangeRecord) -> Entry:
        text = body(self.shape.encoded(record))
        attributes = attributes_of(self.settings.attributes, record)
        message: dict[str, Any] = {"MessageBody": text}
        if attributes:
            message["MessageAttributes"] = attributes
        if self._fifo:
            message["MessageGroupId"] = self._group(record)
            message["MessageDeduplicationId"] = record.event_id
        return Entry(message, size_bytes(text, attributes))

    @property
    def resource(self) -> str:
        return self.settings.queue_url

    def call(self, client: Any, contents: Sequence[Any]) -> Mapping[int, Exception]:
        entries = [{"Id": str(position), **message} for position, message in enumerate(contents)]
        answer = client.send_message_batch(QueueUrl=self.settings.queue_url, Entries=entries)
        return failures_by_id(self.operation, answer)

    def _group(self, record: ChangeRecord) -> str:
        template = self.settings.group
        return group_of(record) if template is None else template.text(record.plain)
