"""The base of actions on AWS services that accept batches: one client, one call, one answer per record."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from msgspec import Meta

from record_processor.aws import call_errors
from record_processor.aws.rehearsal import rehearse
from record_processor.aws.settings import AwsSettings, client
from record_processor.plugin.batched_action import BatchedAction, CallFailedError
from record_processor.plugin.record_format import FormattedSettings, RecordFormat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.records.stream import Shard


class AwsFormattedSettings(FormattedSettings, kw_only=True, frozen=True):
    """The keys of every action that sends records to an AWS service."""

    aws: Annotated[AwsSettings, Meta(description="Region, endpoint and credentials for the service.")] = AwsSettings()


AwsSettingsT = TypeVar("AwsSettingsT", bound=AwsFormattedSettings)


class AwsBatchedAction(BatchedAction[AwsSettingsT], abc.ABC):
    """Knows its client, and what the SDK's errors mean."""

    service: ClassVar[str]
    operation: ClassVar[str]
    sample: ClassVar[Mapping[str, Any]]
    """Parameters of a call of the operation, as the SDK wants them; never sent."""

    def __init__(self, settings: AwsSettingsT) -> None:
        super().__init__(settings)
        self.shape = RecordFormat(settings)

    def warm_up(self, stream_region: str) -> None:
        rehearse(client(self.service, self.settings.aws, stream_region, self.resource), self.operation, self.sample)

    def open(self, shard: Shard) -> None:
        self.shard = shard

    @property
    @abc.abstractmethod
    def resource(self) -> str:
        """What is called: a name, an ARN or an address."""

    @abc.abstractmethod
    def call(self, client: Any, contents: Sequence[Any]) -> Mapping[int, Exception]:
        """Call the service once; return why entries failed, by position."""

    def send(self, contents: Sequence[Any]) -> Mapping[int, Exception]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            service = client(self.service, self.settings.aws, self.shard.stream.region, self.resource)
            return self.call(service, contents)
        except (BotoCoreError, ClientError) as error:
            raise CallFailedError(call_errors.of_call(self.service, self.operation, error)) from None
