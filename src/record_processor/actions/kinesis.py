"""`kinesis`: each record becomes a record of a Kinesis data stream."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from record_processor.actions._aws_batched_action import AwsBatchedAction, AwsFormattedSettings
from record_processor.aws.call_errors import of_results
from record_processor.plugin.action import CallTrace
from record_processor.plugin.batched_action import BatchEntry, Limits
from record_processor.records.template import TextTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AwsProbe
    from record_processor.records.change_record import ChangeRecord

_MEBIBYTE = 1024 * 1024
_LONGEST_PARTITION_KEY = 256


class KinesisSettings(AwsFormattedSettings, kw_only=True, frozen=True):
    """Puts each record into a Kinesis data stream, one item always into the same shard."""

    stream: Annotated[str, Meta(description="The Kinesis data stream: a name or an ARN.", min_length=1)]
    partition_key: Annotated[
        TextTemplate | None, Meta(description="The partition key, as a template. Default: the item's keys.")
    ] = None


class KinesisAction(AwsBatchedAction[KinesisSettings]):
    settings_type = KinesisSettings
    service = "kinesis"
    operation = "PutRecords"
    sample: ClassVar = {"StreamName": "s", "Records": [{"Data": b"{}", "PartitionKey": "k"}]}
    # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
    limits = Limits(entries=500, call_bytes=5 * _MEBIBYTE, entry_bytes=_MEBIBYTE)
    default_batch_size = 500
    example = """\
- name: orders
  type: kinesis
  stream: orders
  partition_key: "{keys.id}"
"""

    def entry(self, record: ChangeRecord) -> BatchEntry:
        data = self.shape.encoded(record)
        key = self._partition_key(record)
        return BatchEntry({"Data": data, "PartitionKey": key}, len(data) + len(key.encode()))

    @property
    def resource(self) -> str:
        return self.settings.stream

    @property
    def permissions(self) -> Sequence[Permission]:
        from record_processor.aws import permissions  # no shard process asks

        resource = permissions.named("kinesis", "stream", self.settings.stream)
        return [permissions.Permission(("kinesis:PutRecords",), (resource,), self.settings.aws)]

    @property
    def probes(self) -> Sequence[AwsProbe]:
        from record_processor.aws.probes import AwsProbe

        stream = self.settings.stream
        where = {"StreamARN": stream} if stream.startswith("arn:") else {"StreamName": stream}
        what, call = f"Kinesis stream {stream}", "kinesis:DescribeStreamSummary"
        return [AwsProbe(what, "kinesis", "describe_stream_summary", where, call, self.settings.aws, stream)]

    @property
    def call_trace(self) -> CallTrace:
        stream = self.settings.stream.rpartition("/")[2]
        return CallTrace("producer", {"messaging.system": "aws_kinesis", "messaging.destination.name": stream})

    def call(self, client: Any, contents: Sequence[Any]) -> Mapping[int, Exception]:
        stream = self.settings.stream
        where = {"StreamARN": stream} if stream.startswith("arn:") else {"StreamName": stream}
        answer = client.put_records(**where, Records=contents)
        return of_results(self.service, self.operation, answer.get("Records", ()), len(contents))

    def _partition_key(self, record: ChangeRecord) -> str:
        template = self.settings.partition_key
        key = record.raw_keys.decode() if template is None else template.text(record.plain)
        # A key has 1 to 256 characters. Hashed, equal keys stay equal, which is all that matters.
        return key if 0 < len(key) <= _LONGEST_PARTITION_KEY else hashlib.sha256(key.encode()).hexdigest()
