"""Sends spans to a collector, in a thread of its own: one that is away, slow or hostile costs spans, and nothing else.

What is held is bounded, and what is lost is counted and said.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

log = Log("worker.tracing")

_ROOM = "OTEL_BSP_MAX_QUEUE_SIZE"
_USUAL_ROOM = 2048
_SAY_AGAIN_SECONDS = 600.0
# An answer to spans is some bytes; what is longer is not read.
_MOST_ANSWER_BYTES = 65_536
# They log each batch that is not taken, with the collector's address; `Losses` says as much.
_TALKATIVE = ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal")


def is_wanted() -> bool:
    """Return whether spans are sent: `none` in OpenTelemetry's variable means that contexts are only passed on."""
    return os.environ.get("OTEL_TRACES_EXPORTER", "") != "none"


class Losses:
    """Counts spans that are lost; says so at once, and then at most once in ten minutes. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unsaid = 0
        self._why = ""
        self._said_at: float | None = None

    def add(self, spans: int, why: str) -> None:
        now = time.monotonic()
        with self._lock:
            self._unsaid += spans
            self._why = why
            is_due = self._said_at is None or now - self._said_at >= _SAY_AGAIN_SECONDS
            if is_due:
                self._said_at = now
        if is_due:
            self.say()

    def say(self) -> None:
        with self._lock:
            spans, self._unsaid = self._unsaid, 0
        if spans:
            log.warning("tracing.lost", f"{spans} spans are lost: {self._why}. No record is affected", spans=spans)


class SpanExport(SpanProcessor):
    """OpenTelemetry's batches behind a count of our own, so that what finds no room is known."""

    def __init__(self) -> None:
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._room = int(os.environ.get(_ROOM) or _USUAL_ROOM)
        self._lock = threading.Lock()
        self._held = 0
        self._losses = Losses()
        self._sender = _Sender(self._losses, self._let_go)
        self._batches = BatchSpanProcessor(self._sender, max_queue_size=self._room)
        os.register_at_fork(after_in_child=self._forget)

    @property
    def is_failing(self) -> bool:
        """Whether the last batch was not taken."""
        return self._sender.is_failing

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is None or not span.context.trace_flags.sampled:
            return
        with self._lock:
            has_room = self._held < self._room
            self._held += has_room
        if has_room:
            self._batches.on_end(span)
        else:
            self._losses.add(1, f"{self._room} wait to be sent; sample with OTEL_TRACES_SAMPLER, or raise {_ROOM}")

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is held; it may take as long as the collector likes."""
        return self._batches.force_flush(timeout_millis)

    def end(self) -> None:
        """Count what is still held as lost, and say what was not said."""
        with self._lock:
            left, self._held = self._held, 0
        if left:
            self._losses.add(left, "they were not sent before the process ended")
        self._losses.say()

    def _let_go(self, spans: int) -> None:
        with self._lock:
            self._held = max(0, self._held - spans)

    def _forget(self) -> None:
        """In a process that a handler forked: OpenTelemetry forgets there what it held."""
        self._lock = threading.Lock()
        self._held = 0


class _Sender(SpanExporter):
    """One batch after another; `let_go` is called with the size of each once it is sent or lost."""

    def __init__(self, losses: Losses, let_go: Callable[[int], None]) -> None:
        self._losses = losses
        self._let_go = let_go
        self._session = _BoundedSession()
        self._collector = OTLPSpanExporter(session=self._session)
        self.is_failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._session.outcome = ""
        try:
            result = self._collector.export(spans)
        except Exception as error:
            result, self._session.outcome = SpanExportResult.FAILURE, type(error).__name__
        self._let_go(len(spans))
        self.is_failing = result is not SpanExportResult.SUCCESS
        if self.is_failing:
            self._losses.add(len(spans), f"the collector did not take them ({self._session.outcome or 'no answer'})")
        return result

    def shutdown(self) -> None:
        self._collector.shutdown()  # type: ignore[no-untyped-call]


class _BoundedSession(requests.Session):
    """Knows how the last call ended, without the address; reads little of an answer."""

    outcome = ""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        try:
            response = super().send(request, **{**kwargs, "stream": True})
        except Exception as error:
            self.outcome = type(error).__name__
            raise
        self.outcome = f"status {response.status_code}"
        # Not unpacked: a small answer can be large inside.
        if len(response.raw.read(_MOST_ANSWER_BYTES + 1, decode_content=False)) > _MOST_ANSWER_BYTES:
            response.close()
        return response
