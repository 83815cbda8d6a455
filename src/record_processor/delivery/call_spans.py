"""A span per call of an action, with what is needed to find the records: never their keys, values or errors' texts.

Imports OpenTelemetry: only what traces imports this module. Whatever a span meets, the call's own outcome stays what it
is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from record_processor.errors import (
    BrokenError,
    LeaseLostError,
    NotTriedError,
    PartialFailure,
    PermanentError,
    StopRequestedError,
    described,
)
from record_processor.logs.log_events import Log
from record_processor.text.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from record_processor.plugin.action import Action, CallTrace
    from record_processor.records.change_record import ChangeRecord
    from record_processor.records.stream import Shard

    Deliver = Callable[[Sequence[ChangeRecord]], None]

log = Log("worker.delivery")

OURS = "record_processor."
"""What our own attributes begin with."""
_KINDS = {"consumer": SpanKind.CONSUMER, "producer": SpanKind.PRODUCER, "client": SpanKind.CLIENT}
_SYSTEM = "aws_dynamodb_streams"
# The shard stops here; the action has not failed.
_CUT_OFF = (LeaseLostError, StopRequestedError, BrokenError, NotTriedError)

_propagator = TraceContextTextMapPropagator()


def headers() -> Mapping[str, str]:
    """Return the context of the current span as W3C's headers; nothing if there is no span."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier


class CallTracer:
    """Makes the spans of this process."""

    def __init__(self, tracer: trace.Tracer, send: Callable[[], None]) -> None:
        """`send` sends what is held, and takes little time for it."""
        self.send = send
        self._tracer = tracer
        self._has_failed = False

    def spans(self, action: Action[Any], shard: Shard) -> CallSpans:
        """Return what makes the spans of an action's calls."""
        return CallSpans(self, action.settings.name, action.call_trace, shard)

    def begin(self, name: str, kind: SpanKind, attributes: Mapping[str, Any]) -> trace.Span:
        try:
            # Calls have no parent: the change was made by somebody unknown.
            return self._tracer.start_span(name, context.Context(), kind, attributes, None, None, False, False)
        except Exception as error:  # a sampler of the user's
            self._say(error)
            return trace.INVALID_SPAN

    def end(self, span: trace.Span, error: BaseException | None, records: int) -> None:
        try:
            _note(span, error, records)
            span.end()
        except Exception as failure:  # a span processor of the user's
            self._say(failure)

    def _say(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            log.error("tracing.failed", f"a span failed, and others may: {described(error)}", exception=error)


class CallSpans:
    """The spans of one action's calls on one shard. Thread-safe."""

    def __init__(self, tracer: CallTracer, action: str, traced: CallTrace, shard: Shard) -> None:
        self._tracer = tracer
        operation = "send" if traced.kind == "producer" else "process"
        self._attributes: dict[str, Any] = {
            "messaging.system": _SYSTEM,
            "messaging.operation.name": operation,
            "messaging.operation.type": operation,
            "messaging.destination.name": shard.stream.table,
            **{name: redacted(value) if isinstance(value, str) else value for name, value in traced.attributes.items()},
            f"{OURS}table": shard.stream.table,
            f"{OURS}shard": shard.shard_id,
            f"{OURS}action": action,
        }
        self._name = f"{operation} {self._attributes['messaging.destination.name']}"
        self._kind = _KINDS[traced.kind]

    def around(self, deliver: Deliver, attempts: Callable[[], int]) -> Deliver:
        """Return `deliver` with a span around each call; `attempts` says how often the call had failed before."""
        tracer = self._tracer

        def traced(records: Sequence[ChangeRecord]) -> None:
            span = tracer.begin(self._name, self._kind, self._attributes_of(records, attempts() + 1))
            token = context.attach(trace.set_span_in_context(span))
            failure: BaseException | None = None
            try:
                deliver(records)
            except BaseException as error:
                failure = error
                raise
            finally:
                context.detach(token)
                tracer.end(span, failure, len(records))

        return traced

    def _attributes_of(self, records: Sequence[ChangeRecord], attempt: int) -> dict[str, Any]:
        attributes = {
            **self._attributes,
            f"{OURS}first_sequence_number": records[0].sequence_number,
            f"{OURS}last_sequence_number": records[-1].sequence_number,
            f"{OURS}records": len(records),
            f"{OURS}attempt": attempt,
        }
        if len(records) > 1:
            attributes["messaging.batch.message_count"] = len(records)
        return attributes


def _note(span: trace.Span, error: BaseException | None, records: int) -> None:
    if error is None or isinstance(error, _CUT_OFF):
        span.set_attribute(f"{OURS}outcome", "done" if error is None else "cut_off")
        return
    reason, failed = error, records
    if isinstance(error, PartialFailure) and error.failures:
        failed = len(error.failures)
        reason = next((one for one in error.failures.values() if not isinstance(one, NotTriedError)), error)
    outcome = "rejected" if isinstance(reason, PermanentError) else "failed"
    span.set_attributes(
        {
            "error.type": _type_of(reason),
            f"{OURS}outcome": "partial" if failed < records else outcome,
            f"{OURS}records_not_done": failed,
        }
    )
    # Without a description: what an error says may be a value of the item.
    span.set_status(StatusCode.ERROR)


def _type_of(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
