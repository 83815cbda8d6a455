"""`sns`: each record becomes a notification of a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from record_processor.actions._sqs_sns import KIBIBYTE, MessageAction, MessageSettings, failures_by_id
from record_processor.plugin.action import CallTrace
from record_processor.plugin.batched_action import BatchEntry, Limits
from record_processor.records.template import TextTemplate
from record_processor.text.safe_text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AwsProbe
    from record_processor.records.change_record import ChangeRecord

_LONGEST_SUBJECT = 100


class SnsSettings(MessageSettings, kw_only=True, frozen=True):
    """Publishes each record to an SNS topic; to a FIFO topic in order per item, without duplicates."""

    topic_arn: Annotated[
        str,
        Meta(
            description="The ARN of the topic. A name that ends in .fifo is a FIFO topic.",
            pattern="^arn:[^:]+:sns:",
            extra={"expected": "a topic's ARN, such as arn:aws:sns:eu-west-1:123456789012:orders"},
        ),
    ]
    subject: Annotated[
        TextTemplate | None,
        Meta(description="The subject of e-mail notifications, as a template; cut to 100 characters."),
    ] = None


class SnsAction(MessageAction[SnsSettings]):
    settings_type = SnsSettings
    service = "sns"
    operation = "PublishBatch"
    sample: ClassVar = {"TopicArn": "t", "PublishBatchRequestEntries": [{"Id": "0", "Message": "{}"}]}
    text_name = "Message"
    resource_key = "topic_arn"
    # https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
    limits = Limits(entries=10, call_bytes=256 * KIBIBYTE, entry_bytes=256 * KIBIBYTE)
    default_batch_size = 10
    example = """\
- name: notices
  type: sns
  topic_arn: arn:aws:sns:eu-west-1:123456789012:orders
  subject: "{eventName} of order {keys.id}"
  attributes: {status: "{new.Status:none}"}
"""

    def entry(self, record: ChangeRecord) -> BatchEntry:
        message, size = super().entry(record)
        if self.settings.subject is not None:
            message.update(_subject(self.settings.subject.text(record.plain)))
        return BatchEntry(message, size)

    @property
    def resource(self) -> str:
        return self.settings.topic_arn

    @property
    def permissions(self) -> Sequence[Permission]:
        from record_processor.aws import permissions  # no shard process asks

        return [permissions.Permission(("sns:Publish",), (self.settings.topic_arn,), self.settings.aws)]

    @property
    def probes(self) -> Sequence[AwsProbe]:
        from record_processor.aws import probes

        return [probes.topic(self.settings.topic_arn, self.settings.aws)]

    @property
    def call_trace(self) -> CallTrace:
        topic = self.settings.topic_arn.rpartition(":")[2]
        return CallTrace("producer", {"messaging.system": "aws.sns", "messaging.destination.name": topic})

    def call(self, client: Any, contents: Sequence[Any]) -> Mapping[int, Exception]:
        entries = [{"Id": str(position), **message} for position, message in enumerate(contents)]
        answer = client.publish_batch(TopicArn=self.settings.topic_arn, PublishBatchRequestEntries=entries)
        return failures_by_id(self.service, self.operation, answer, len(contents))


def _subject(text: str) -> dict[str, str]:
    """Return a subject that SNS accepts: one line of 1 to 100 characters without control characters."""
    subject = one_line(text, _LONGEST_SUBJECT)
    return {"Subject": subject} if subject else {}
