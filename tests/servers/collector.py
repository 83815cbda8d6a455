"""A collector of OpenTelemetry's traces, over OTLP/HTTP with protobuf; and one that does not behave."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1 import trace_pb2

from tests.harness import wait_for
from tests.servers.process import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterable

_PIECE = b"x" * 65_536


class Span(NamedTuple):
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    """Empty: it has none."""
    status: str
    message: str
    attributes: dict[str, Any]
    resource: dict[str, Any]

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-01"


class Collector:
    """Keeps the spans that it is sent, as a server of this process."""

    def __init__(self) -> None:
        self.requests = 0
        self._spans: list[Span] = []
        self.status = 200
        self.answers_endlessly = False
        self._may_answer = threading.Event()
        self._may_answer.set()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.address}

    def hang(self) -> None:
        """Take connections and requests, and answer nothing."""
        self._may_answer.clear()

    def wait_to_answer(self) -> None:
        self._may_answer.wait()

    def spans(self, name: str = "") -> list[Span]:
        """Return those whose names begin so."""
        return [span for span in list(self._spans) if span.name.startswith(name)]

    def wait_for(self, count: int, name: str = "") -> list[Span]:
        wait_for(lambda: len(self.spans(name)) >= count, f"{count} spans {name!r}; there are {self._spans}")
        return self.spans(name)

    def take(self, body: bytes) -> None:
        self._spans += spans_of(body)

    def end(self) -> None:
        self._may_answer.set()
        self._server.shutdown()
        self._server.server_close()


def spans_of(body: bytes) -> list[Span]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        _span(span, _values(group.resource.attributes))
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _span(span: trace_pb2.Span, resource: dict[str, Any]) -> Span:
    return Span(
        span.name,
        trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        trace_pb2.Status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_"),
        span.status.message,
        _values(span.attributes),
        resource,
    )


def _values(attributes: Iterable[Any]) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.requests += 1
            collector.wait_to_answer()
            if self.path == "/v1/traces" and collector.status == 200:
                collector.take(body)
            if collector.answers_endlessly:
                self._answer_endlessly()
                return
            self.send_response(collector.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def _answer_endlessly(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(_PIECE)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
