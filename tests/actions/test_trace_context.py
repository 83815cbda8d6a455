"""What is sent carries the context of its call's span, where whoever gets it can look, and within all limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Decision, Sampler, SamplingResult
from opentelemetry.trace import SpanKind, TraceFlags, TraceState

from record_processor.delivery import call_spans
from record_processor.delivery.call_spans import CallTracer
from record_processor.plugin import trace_context
from record_processor.records.change_record import decode
from record_processor.text import redaction
from tests.actions.delivery import Delivery, change, changes
from tests.builders import STREAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.trace import ReadableSpan

    from tests.actions.sinks.aws import EventBridgeSink, SnsSink, SqsSink
    from tests.actions.sinks.base import Sink
    from tests.actions.sinks.web import LambdaSink, WebhookSink
    from tests.servers.started import Servers

    StartDelivery = Callable[..., Delivery]

STATE = {"tracestate": "vendor=1"}
OF_THE_USERS = "00-11111111111111111111111111111111-2222222222222222-01"
CARRIERS = ["sqs", "sns", "eventbridge", "lambda", "webhook"]


class WithState(Sampler):
    """Keeps everything, with a vendor's state."""

    def should_sample(self, *args: Any, **_: Any) -> SamplingResult:
        attributes = args[4]
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, TraceState([("vendor", "1")]))

    def get_description(self) -> str:
        return "with state"


class Traced:
    """A tracer whose spans stay here."""

    def __init__(self, sampler: Sampler | None = None) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(sampler=sampler or WithState(), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracer = CallTracer(provider.get_tracer("tests"), lambda: None)

    def spans(self) -> list[ReadableSpan]:
        return list(self._kept.get_finished_spans())

    def headers(self) -> dict[str, str]:
        """What the messages of the only call have to carry."""
        (span,) = self.spans()
        assert span.context is not None
        flags = span.context.trace_flags
        return {"traceparent": f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-{flags:02x}", **STATE}


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Traced:
    monkeypatch.setattr(trace_context, "current", call_spans.headers)
    return Traced()


def deliver(delivery: StartDelivery, sink: Sink, traced: Traced, records: Any, **settings: Any) -> None:
    running = delivery({**sink.settings(), **settings}, traced.tracer)
    running.submit(records)
    running.finish()
    assert running.letters() == []


def attributes(sink: SqsSink) -> list[dict[str, str]]:
    """Of the messages in a queue."""
    answer = sink.client("sqs").receive_message(
        QueueUrl=sink.queue_url, MessageAttributeNames=["All"], MaxNumberOfMessages=10
    )
    found = [message.get("MessageAttributes", {}) for message in answer["Messages"]]
    return [{name: one["StringValue"] for name, one in message.items()} for message in found]


@pytest.mark.parametrize("sink", ["sqs"], indirect=True)
def test_a_message_of_sqs_has_the_context_as_attributes(sink: SqsSink, delivery: StartDelivery, traced: Traced) -> None:
    deliver(
        delivery, sink, traced, changes(2, 1), attributes={"kind": "{eventName}"}, batch={"size": 2, "window": "5s"}
    )
    assert attributes(sink) == [{"kind": "MODIFY", **traced.headers()}] * 2
    (span,) = traced.spans()
    queue = sink.queue_url.rpartition("/")[2]
    assert (span.name, span.kind) == (f"send {queue}", SpanKind.PRODUCER)
    assert span.attributes is not None
    assert span.attributes["messaging.system"] == "aws_sqs"
    assert span.attributes["messaging.operation.type"] == "send"
    assert span.attributes["messaging.batch.message_count"] == 2


@pytest.mark.parametrize("sink", ["sqs"], indirect=True)
def test_an_attribute_of_the_users_stays(sink: SqsSink, delivery: StartDelivery, traced: Traced) -> None:
    given = {"traceparent": "{new.traceparent}"}
    deliver(delivery, sink, traced, [change("item-1", 1, traceparent={"S": OF_THE_USERS})], attributes=given)
    assert attributes(sink) == [given | {"traceparent": OF_THE_USERS}]


@pytest.mark.parametrize("sink", ["sqs"], indirect=True)
def test_an_attribute_of_the_users_that_is_empty_makes_room_for_the_calls(
    sink: SqsSink, delivery: StartDelivery, traced: Traced
) -> None:
    deliver(delivery, sink, traced, [change("item-1", 1)], attributes={"traceparent": "{new.traceparent}"})
    assert attributes(sink) == [traced.headers()]


@pytest.mark.parametrize("sink", ["sqs"], indirect=True)
@pytest.mark.parametrize(("own", "carried"), [(8, ["traceparent", "tracestate"]), (9, ["traceparent"]), (10, [])])
def test_a_message_has_no_more_than_ten_attributes(
    sink: SqsSink, delivery: StartDelivery, traced: Traced, own: int, carried: list[str]
) -> None:
    given = {f"a{number}": "x" for number in range(own)}
    deliver(delivery, sink, traced, [change("item-1", 1)], attributes=given)
    (found,) = attributes(sink)
    assert sorted(found.keys() - given.keys()) == carried
    assert len(found) <= 10


@pytest.mark.parametrize("sink", ["sqs", "sns", "eventbridge"], indirect=True)
@pytest.mark.parametrize("room", [-1, 0, 60, 200])
def test_a_record_that_just_fits_is_sent_without_the_context_rather_than_given_up(
    sink: Any, delivery: StartDelivery, traced: Traced, room: int
) -> None:
    largest = {"sqs": 1_048_576, "sns": 262_144, "eventbridge": 262_144}[sink.type_name]
    action: Any = delivery(sink.settings()).actions[0]

    def size_bytes(text: int) -> int:
        record = change("item-1", 1, text={"S": "x" * text})
        return int(action.entry(decode(record.binary_data, STREAM, record.sequence_number)).size_bytes)

    text = largest - room - size_bytes(0)
    assert size_bytes(text) == largest - room
    running = delivery(sink.settings(), traced.tracer)
    running.submit([change("item-1", 1, text={"S": "x" * text})])
    running.finish()
    assert len(sink.arrived()) == (room >= 0)
    assert len(running.letters()) == (room < 0)


@pytest.mark.parametrize("sink", ["sns"], indirect=True)
def test_a_notification_of_sns_has_the_context_as_attributes(
    sink: SnsSink, delivery: StartDelivery, traced: Traced
) -> None:
    deliver(delivery, sink, traced, [change("item-1", 1)])
    assert sink.faults.last is not None
    sent = sink.faults.last.body.decode()
    for name, value in traced.headers().items():
        assert f"Name={name}" in sent
        assert value.replace("=", "%3D") in sent
    (span,) = traced.spans()
    assert (span.name, span.kind) == (f"send {sink.topic_arn.rpartition(':')[2]}", SpanKind.PRODUCER)
    assert len(sink.arrived()) == 1


@pytest.mark.parametrize("sink", ["eventbridge"], indirect=True)
def test_an_events_detail_has_the_context(sink: EventBridgeSink, delivery: StartDelivery, traced: Traced) -> None:
    deliver(delivery, sink, traced, [change("item-1", 1)], format="plain")
    (event,) = sink.events()
    assert {name: event["detail"][name] for name in ("traceparent", "tracestate")} == traced.headers()
    assert event["detail"]["new"] == {"id": "item-1", "n": 1}


@pytest.mark.parametrize("sink", ["eventbridge"], indirect=True)
@pytest.mark.parametrize("template", [{}, {"traceparent": OF_THE_USERS}])
def test_a_template_of_the_users_decides_what_a_detail_is(
    sink: EventBridgeSink, delivery: StartDelivery, traced: Traced, template: dict[str, str]
) -> None:
    deliver(delivery, sink, traced, [change("item-1", 1)], template=template)
    (event,) = sink.events()
    assert event["detail"] == (template or traced.headers())


@pytest.mark.parametrize("sink", ["lambda"], indirect=True)
def test_a_function_finds_the_context_in_its_client_context(
    sink: LambdaSink, servers: Servers, delivery: StartDelivery, traced: Traced
) -> None:
    kept = servers.folder / f"{sink.name}.kept"
    (servers.folder / f"{sink.name}.py").write_text(
        "import json, pathlib\n"
        "def handle(event, context):\n"
        f"    pathlib.Path({str(kept)!r}).write_text(json.dumps(context.client_context.custom))\n"
    )
    deliver(delivery, sink, traced, changes(2, 1), batch={"size": 2, "window": "50ms"})
    assert json.loads(kept.read_text()) == traced.headers()
    (span,) = traced.spans()
    assert (span.name, span.kind) == ("process Phones", SpanKind.CLIENT)
    assert span.attributes is not None
    assert span.attributes["faas.invoked_name"] == sink.name


@pytest.mark.parametrize("sink", ["webhook"], indirect=True)
def test_a_request_of_a_webhook_has_the_context_as_headers(
    sink: WebhookSink, delivery: StartDelivery, traced: Traced
) -> None:
    deliver(delivery, sink, traced, [change("item-1", 1)])
    (request,) = sink.requests()
    assert {name: request["headers"][name] for name in ("traceparent", "tracestate")} == traced.headers()
    assert request["headers"]["webhook-signature"]
    (span,) = traced.spans()
    assert span.attributes is not None
    assert (span.kind, span.attributes["server.address"]) == (SpanKind.CLIENT, "127.0.0.1")
    assert sink.settings()["url"].rpartition("/")[2] not in str(span.attributes)


@pytest.mark.parametrize("sink", ["lambda"], indirect=True)
def test_a_name_that_came_from_outside_is_masked_as_in_logs(
    sink: LambdaSink, delivery: StartDelivery, traced: Traced
) -> None:
    redaction.remember([sink.name])
    deliver(delivery, sink, traced, [change("item-1", 1)])
    (span,) = traced.spans()
    assert span.attributes is not None
    assert span.attributes["faas.invoked_name"] == "***"


@pytest.mark.parametrize("sink", ["webhook"], indirect=True)
@pytest.mark.usefixtures("traced")
def test_a_call_that_is_not_sampled_says_so_to_whoever_is_called(sink: WebhookSink, delivery: StartDelivery) -> None:
    deliver(delivery, sink, Traced(ALWAYS_OFF), [change("item-1", 1)])
    (request,) = sink.requests()
    assert int(request["headers"]["traceparent"].rpartition("-")[2], 16) & TraceFlags.SAMPLED == 0


@pytest.mark.parametrize("sink", ["webhook"], indirect=True)
def test_a_header_of_the_users_stays(sink: WebhookSink, delivery: StartDelivery, traced: Traced) -> None:
    deliver(delivery, sink, traced, [change("item-1", 1)], headers={"Traceparent": OF_THE_USERS})
    (request,) = sink.requests()
    assert request["headers"]["traceparent"] == OF_THE_USERS
    assert "tracestate" not in request["headers"]


@pytest.mark.parametrize("sink", CARRIERS, indirect=True)
def test_without_tracing_nothing_is_added(sink: Any, delivery: StartDelivery) -> None:
    running = delivery(sink.settings())
    running.submit([change("item-1", 1)])
    running.finish()
    last = sink.faults.last
    assert last is not None
    said = (str(last.headers) + last.body.decode()).lower()
    assert "traceparent" not in said and "client-context" not in said
