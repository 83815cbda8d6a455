"""`eventbridge`: each record becomes an event on a bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from record_processor.actions._aws_batched_action import AwsBatchedAction, AwsFormattedSettings
from record_processor.aws.call_errors import of_results
from record_processor.config.units import default
from record_processor.errors import InvalidSettingError, PermanentError
from record_processor.plugin import trace_context
from record_processor.plugin.action import CallTrace
from record_processor.plugin.batched_action import BatchEntry, Limits
from record_processor.plugin.record_format import encoded
from record_processor.records.template import TextTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AwsProbe
    from record_processor.records.change_record import ChangeRecord

_KIBIBYTE = 1024
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
_LONGEST_SOURCE = 256
_LONGEST_DETAIL_TYPE = 128
_TIME_BYTES = 14
"""The bytes that EventBridge counts for an entry's time."""


class EventBridgeSettings(AwsFormattedSettings, kw_only=True, frozen=True):
    """Puts each record as an event on an EventBridge bus."""

    bus: Annotated[str, Meta(description="The event bus: a name or an ARN.", min_length=1)] = "default"
    source: Annotated[TextTemplate, Meta(description="The event's source, as a template. Default: dynamodb.")] = (
        default(TextTemplate("dynamodb"))
    )
    detail_type: Annotated[
        TextTemplate, Meta(description="The event's detail-type, as a template. Default: {table} {eventName}.")
    ] = default(TextTemplate("{table} {eventName}"))


class EventBridgeAction(AwsBatchedAction[EventBridgeSettings]):
    settings_type = EventBridgeSettings
    service = "events"
    operation = "PutEvents"
    sample: ClassVar = {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]}
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
    limits = Limits(entries=10, call_bytes=256 * _KIBIBYTE, entry_bytes=256 * _KIBIBYTE)
    default_batch_size = 10
    example = """\
- name: bus
  type: eventbridge
  bus: shop
  source: shop.orders
  detail_type: "Order {eventName}"
  format: plain
"""

    def __init__(self, settings: EventBridgeSettings) -> None:
        super().__init__(settings)
        for key, template, longest in (
            ("source", settings.source, _LONGEST_SOURCE),
            ("detail_type", settings.detail_type, _LONGEST_DETAIL_TYPE),
        ):
            if template.fixed is not None and not 0 < len(template.fixed) <= longest:
                raise InvalidSettingError(key, f"expected 1 to {longest} characters, found {len(template.fixed)}")
        if (settings.source.fixed or "").startswith("aws."):
            raise InvalidSettingError("source", "must not begin with aws., which AWS reserves")

    def entry(self, record: ChangeRecord) -> BatchEntry:
        plain = record.plain
        detail = self.shape.encoded(record).decode()
        event = {
            "EventBusName": self.settings.bus,
            "Source": _fitting("source", self.settings.source.text(plain), _LONGEST_SOURCE),
            "DetailType": _fitting("detail_type", self.settings.detail_type.text(plain), _LONGEST_DETAIL_TYPE),
            "Detail": detail,
            "Resources": [record.stream_arn],
            "Time": record.created_at,
        }
        texts = (event["Source"], event["DetailType"], detail, record.stream_arn)
        size_bytes = _TIME_BYTES + sum(len(str(text).encode()) for text in texts)
        if context := trace_context.current():
            more_bytes = _add_context(event, context, self.shape.of(record), self.limits.entry_bytes - size_bytes)
            size_bytes += more_bytes
        return BatchEntry(event, size_bytes)

    @property
    def resource(self) -> str:
        return self.settings.bus

    @property
    def permissions(self) -> Sequence[Permission]:
        from record_processor.aws import permissions  # no shard process asks

        resource = permissions.named("events", "event-bus", self.settings.bus)
        return [permissions.Permission(("events:PutEvents",), (resource,), self.settings.aws)]

    @property
    def probes(self) -> Sequence[AwsProbe]:
        from record_processor.aws.probes import AwsProbe

        bus = self.settings.bus
        what, call = f"event bus {bus}", "events:DescribeEventBus"
        return [AwsProbe(what, "events", "describe_event_bus", {"Name": bus}, call, self.settings.aws, bus)]

    @property
    def call_trace(self) -> CallTrace:
        bus = self.settings.bus.rpartition("/")[2]
        return CallTrace("producer", {"messaging.system": "aws_eventbridge", "messaging.destination.name": bus})

    def call(self, client: Any, contents: Sequence[Any]) -> Mapping[int, Exception]:
        answer = client.put_events(Entries=contents)
        return of_results(self.service, self.operation, answer.get("Entries", ()), len(contents))


def _add_context(event: dict[str, Any], context: Mapping[str, str], content: Any, room_bytes: int) -> int:
    """Add a trace's context to the detail, if that is an object, has none, and has room; return how many bytes it is.

    The field that EventBridge has for a trace is X-Ray's, and no target finds it in the event.
    """
    if not isinstance(content, dict) or trace_context.NAMES & content.keys():
        return 0
    more = ("," if content else "") + encoded(dict(context)).decode()[1:]
    if len(more) - 1 > room_bytes:
        return 0
    event["Detail"] = event["Detail"][:-1] + more
    return len(more) - 1


def _fitting(key: str, text: str, longest: int) -> str:
    """Return the text if an event can have it: cut or left out, it would match other rules than it should."""
    if not 0 < len(text) <= longest:
        raise PermanentError(f"{key} has {len(text):,} characters for this record: EventBridge accepts 1 to {longest}")
    return text
