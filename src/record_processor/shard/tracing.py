"""Tracing in a shard process: begun after the fork, since sending has a thread of its own; ended with the process.

Imports OpenTelemetry: a process whose worker does not trace never imports this.
"""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from record_processor import __version__
from record_processor.delivery.call_spans import CallTracer, headers
from record_processor.errors import described
from record_processor.logs.log_events import Log
from record_processor.plugin import trace_context
from record_processor.shard import span_export
from record_processor.shard.span_export import SpanExport

if TYPE_CHECKING:
    from collections.abc import Callable

log = Log("worker.tracing")

# A shard may be waited for elsewhere: what is not sent by then is lost.
_END_SECONDS = 1.0
# OpenTelemetry's own name for a service without one begins so.
_UNNAMED = "unknown_service"


class Tracing:
    """The tracing of this process."""

    def __init__(self, application: str) -> None:
        self._application = application
        self._export: SpanExport | None = None
        self._flush: Callable[[], object] | None = None

    def begin(self) -> CallTracer | None:
        """Return what traces calls; None if tracing cannot begin, which keeps nothing from being delivered.

        Call this after the handlers were imported, since one of them may have made a provider of its own.
        """
        try:
            provider = trace.get_tracer_provider()
            if not isinstance(provider, TracerProvider):
                provider = self._provider()
            self._flush = provider.force_flush
            tracer = provider.get_tracer("record_processor", __version__)
        except Exception as error:  # values of OpenTelemetry's variables that it does not take
            message = f"nothing is traced, since OpenTelemetry cannot be set up: {described(error)}"
            log.error("tracing.unavailable", message, exception=error)
            return None
        trace_context.begin(headers)
        return CallTracer(tracer, self.end)

    def end(self) -> None:
        """Send what is held, for a moment, unless the collector took nothing lately; what is left is lost."""
        if self._flush is not None and (self._export is None or not self._export.is_failing):
            sending = threading.Thread(target=self._flush, name="last-spans", daemon=True)
            sending.start()
            sending.join(_END_SECONDS)
            if sending.is_alive():
                self._flush = None  # it is waited for once only
        if self._export is not None:
            self._export.end()

    def _provider(self) -> TracerProvider:
        provider = TracerProvider(resource=self._resource(), shutdown_on_exit=False)
        if span_export.is_wanted():
            self._export = SpanExport()
            provider.add_span_processor(self._export)
        trace.set_tracer_provider(provider)
        return provider

    def _resource(self) -> Resource:
        """Return who sends; what the user says in OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES comes first."""
        said = Resource.create()
        ours: dict[str, str | int] = {"host.name": socket.gethostname(), "process.pid": os.getpid()}
        if str(said.attributes.get("service.name", _UNNAMED)).startswith(_UNNAMED):
            said = said.merge(Resource({"service.name": self._application}))
        return Resource(ours).merge(said)
