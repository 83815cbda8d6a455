"""`firehose`: each record goes into a Firehose stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from record_processor.actions._aws_batched_action import AwsBatchedAction, AwsFormattedSettings
from record_processor.aws.call_errors import of_results
from record_processor.plugin.action import CallTrace
from record_processor.plugin.batched_action import BatchEntry, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AwsProbe
    from record_processor.records.change_record import ChangeRecord

_KIBIBYTE = 1024


class FirehoseSettings(AwsFormattedSettings, kw_only=True, frozen=True):
    """Puts each record into a Firehose stream."""

    stream: Annotated[str, Meta(description="The name of the Firehose stream.", min_length=1)]
    newline: Annotated[bool, Meta(description="End each record with a line break, so that S3 receives JSON lines.")] = (
        True
    )


class FirehoseAction(AwsBatchedAction[FirehoseSettings]):
    settings_type = FirehoseSettings
    service = "firehose"
    operation = "PutRecordBatch"
    sample: ClassVar = {"DeliveryStreamName": "s", "Records": [{"Data": b"{}"}]}
    # https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
    limits = Limits(entries=500, call_bytes=4 * _KIBIBYTE * _KIBIBYTE, entry_bytes=1000 * _KIBIBYTE)
    default_batch_size = 500
    example = """\
- name: lake
  type: firehose
  stream: orders-to-lake
  format: plain
"""

    def __init__(self, settings: FirehoseSettings) -> None:
        super().__init__(settings)
        self._end = b"\n" if settings.newline else b""

    def entry(self, record: ChangeRecord) -> BatchEntry:
        data = self.shape.encoded(record) + self._end
        return BatchEntry({"Data": data}, len(data))

    @property
    def resource(self) -> str:
        return self.settings.stream

    @property
    def permissions(self) -> Sequence[Permission]:
        from record_processor.aws import permissions  # no shard process asks

        resource = permissions.named("firehose", "deliverystream", self.settings.stream)
        return [permissions.Permission(("firehose:PutRecordBatch",), (resource,), self.settings.aws)]

    @property
    def probes(self) -> Sequence[AwsProbe]:
        from record_processor.aws.probes import AwsProbe

        stream = self.settings.stream
        what, call, parameters = f"Firehose {stream}", "firehose:DescribeDeliveryStream", {"DeliveryStreamName": stream}
        return [AwsProbe(what, "firehose", "describe_delivery_stream", parameters, call, self.settings.aws)]

    @property
    def call_trace(self) -> CallTrace:
        stream = self.settings.stream
        return CallTrace("producer", {"messaging.system": "aws_firehose", "messaging.destination.name": stream})

    def call(self, client: Any, contents: Sequence[Any]) -> Mapping[int, Exception]:
        answer = client.put_record_batch(DeliveryStreamName=self.settings.stream, Records=contents)
        return of_results(self.service, self.operation, answer.get("RequestResponses", ()), len(contents))
