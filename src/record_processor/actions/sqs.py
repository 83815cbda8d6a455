"""`sqs`: each record becomes a message in a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from record_processor.actions._sqs_sns import KIBIBYTE, MessageAction, MessageSettings, failures_by_id
from record_processor.plugin.action import CallTrace
from record_processor.plugin.batched_action import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AwsProbe


class SqsSettings(MessageSettings, kw_only=True, frozen=True):
    """Sends each record as a message to an SQS queue; to a FIFO queue in order per item, without duplicates."""

    queue_url: Annotated[
        str,
        Meta(
            description="The URL of the queue. A name that ends in .fifo is a FIFO queue.",
            pattern="^https?://",
            extra={"expected": "a queue's address, such as https://sqs.eu-west-1.amazonaws.com/123456789012/orders"},
        ),
    ]


class SqsAction(MessageAction[SqsSettings]):
    settings_type = SqsSettings
    service = "sqs"
    operation = "SendMessageBatch"
    sample: ClassVar = {"QueueUrl": "https://sqs.local/0/q", "Entries": [{"Id": "0", "MessageBody": "{}"}]}
    text_name = "MessageBody"
    resource_key = "queue_url"
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    limits = Limits(entries=10, call_bytes=1024 * KIBIBYTE, entry_bytes=1024 * KIBIBYTE)
    default_batch_size = 10
    example = """\
- name: orders
  type: sqs
  queue_url: https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo
  format: plain
"""

    @property
    def resource(self) -> str:
        return self.settings.queue_url

    @property
    def permissions(self) -> Sequence[Permission]:
        from record_processor.aws import permissions  # no shard process asks

        resource = permissions.queue(self.settings.queue_url)
        return [permissions.Permission(("sqs:SendMessage",), (resource,), self.settings.aws)]

    @property
    def probes(self) -> Sequence[AwsProbe]:
        from record_processor.aws import probes

        return [probes.queue(self.settings.queue_url, self.settings.aws)]

    @property
    def call_trace(self) -> CallTrace:
        queue = self.settings.queue_url.rpartition("/")[2]
        return CallTrace("producer", {"messaging.system": "aws_sqs", "messaging.destination.name": queue})

    def call(self, client: Any, contents: Sequence[Any]) -> Mapping[int, Exception]:
        entries = [{"Id": str(position), **message} for position, message in enumerate(contents)]
        answer = client.send_message_batch(QueueUrl=self.settings.queue_url, Entries=entries)
        return failures_by_id(self.service, self.operation, answer, len(contents))
