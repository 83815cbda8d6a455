"""`lambda`: calls a Lambda function with the event that an event source mapping would give it."""

from __future__ import annotations

import base64
import contextlib
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from record_processor.actions._aws_batched_action import AwsFormattedSettings
from record_processor.aws import call_errors
from record_processor.aws.rehearsal import rehearse
from record_processor.aws.settings import client
from record_processor.errors import ActionError, PermanentError
from record_processor.plugin import bisection, trace_context
from record_processor.plugin.action import Action, CallTrace
from record_processor.plugin.partial_batch_response import InvalidBatchResponse, parsed, raise_failures
from record_processor.plugin.record_format import RecordFormat, encoded
from record_processor.records.stream import Shard
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AwsProbe
    from record_processor.records.change_record import ChangeRecord

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_LARGEST_EVENT_BYTES = 6 * 1024 * 1024
_LARGEST_ANSWER_BYTES = 6 * 1024 * 1024
_LONGEST_RUN_SECONDS = 900.0
_LONGEST_MESSAGE = 500
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
_LONGEST_CLIENT_CONTEXT = 3583


class LambdaSettings(AwsFormattedSettings, kw_only=True, frozen=True):
    """Calls a Lambda function and waits for its answer; `batchItemFailures` in it has Lambda's meaning."""

    function: Annotated[str, Meta(description="The function: a name or an ARN.", min_length=1)]
    qualifier: Annotated[str | None, Meta(description="A version or an alias of the function.")] = None


class LambdaAction(Action[LambdaSettings]):
    settings_type = LambdaSettings
    default_batch_size = 100
    example = """\
- name: invoices
  type: lambda
  function: make-invoice
  qualifier: live
  batch: {size: 50, window: 1s}
"""

    def __init__(self, settings: LambdaSettings) -> None:
        super().__init__(settings)
        self._shape = RecordFormat(settings)

    def warm_up(self, stream_region: str) -> None:
        rehearse(self._client_for(stream_region), "Invoke", {"FunctionName": "f", "Payload": b"{}"})

    def open(self, shard: Shard) -> None:
        self._shard = shard

    @property
    def permissions(self) -> Sequence[Permission]:
        from record_processor.aws import permissions  # no shard process asks

        resource = permissions.function(self.settings.function, self.settings.qualifier)
        return [permissions.Permission(("lambda:InvokeFunction",), (resource,), self.settings.aws)]

    @property
    def probes(self) -> Sequence[AwsProbe]:
        from record_processor.aws.probes import AwsProbe

        function, aws = self.settings.function, self.settings.aws
        qualifier = {} if self.settings.qualifier is None else {"Qualifier": self.settings.qualifier}
        # This asks for the very permission that the worker needs, and the function does not run.
        parameters = {"FunctionName": function, "InvocationType": "DryRun", **qualifier}
        what, call = f"function {function}", "lambda:InvokeFunction"
        return [AwsProbe(what, "lambda", "invoke", parameters, call, aws, function)]

    @property
    def call_trace(self) -> CallTrace:
        return CallTrace("client", {"faas.invoked_name": self.settings.function, "faas.invoked_provider": "aws"})

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        bisection.deliver(self._send, records)

    def _send(self, records: Sequence[ChangeRecord]) -> None:
        event = encoded({"Records": [self._shape.of(record) for record in records]})
        if len(event) > _LARGEST_EVENT_BYTES:
            raise PermanentError(f"{len(event):,} bytes are more than lambda takes, {_LARGEST_EVENT_BYTES:,}")
        raise_failures(self._invoke(event), records)

    def _client_for(self, region: str) -> Any:
        return client("lambda", self.settings.aws, region, self.settings.function, _LONGEST_RUN_SECONDS)

    def _invoke(self, event: bytes) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        function = {"FunctionName": self.settings.function}
        if self.settings.qualifier is not None:
            function["Qualifier"] = self.settings.qualifier
        if (context := trace_context.current()) and (text := _client_context(context)):
            function["ClientContext"] = text
        try:
            client = self._client_for(self._shard.stream.region)
            answer = client.invoke(**function, InvocationType="RequestResponse", Payload=event)
            with answer["Payload"] as stream:
                payload: bytes = stream.read(_LARGEST_ANSWER_BYTES + 1)
        except (BotoCoreError, ClientError) as error:
            raise call_errors.of_call("lambda", "Invoke", error) from None
        if answer.get("FunctionError"):
            raise ActionError(f"the function failed: {_error_in(payload)}")
        if len(payload) > _LARGEST_ANSWER_BYTES:
            raise ActionError(f"the function returned more than Lambda's limit of {_LARGEST_ANSWER_BYTES:,} bytes")
        return parsed(payload)


def _client_context(context: Mapping[str, str]) -> str:
    """Return what a function finds as `context.client_context.custom`; empty if it is too long."""
    text = base64.b64encode(encoded({"custom": dict(context)})).decode()
    return text if len(text) <= _LONGEST_CLIENT_CONTEXT else ""


def _error_in(payload: bytes) -> str:
    with contextlib.suppress(InvalidBatchResponse):
        answer = parsed(payload)
        if isinstance(answer, dict) and "errorMessage" in answer:
            return shortened(f"{answer.get('errorType', 'Error')}: {answer['errorMessage']}", _LONGEST_MESSAGE)
    return shortened(payload, _LONGEST_MESSAGE, cut=len(payload) > _LARGEST_ANSWER_BYTES)
