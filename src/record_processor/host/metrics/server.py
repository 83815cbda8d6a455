"""Answers GET with a few pages, and costs next to nothing whoever asks, however often or slowly.

A connection gets one answer, has some seconds for its question and some for the answer, and there are few at a time:
a new one takes the place of the oldest. So one that hangs keeps nobody out. In a second a limited number of
connections is accepted; the others wait in the kernel, and then for their turn.
"""

from __future__ import annotations

import contextlib
import io
import socket
import socketserver
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.errors import SetupError, described
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = Log("daemon.metrics")

_MOST_OPEN = 16
_MOST_PER_SECOND = 100.0
_PATIENCE_SECONDS = 5.0
_LONGEST_QUESTION_BYTES = 16 * 1024
_POLL_SECONDS = 0.1
"""How long `close` may have to wait."""
_END = b"\r\n\r\n"


class Page(NamedTuple):
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK


class Server:
    """Listens from the moment that it is made, until `close`."""

    def __init__(self, address: str, port: int, pages: Mapping[str, Callable[[], Page]]) -> None:
        """Begin to answer; `pages` are by path, and made in several threads.

        Raises:
            SetupError: it cannot listen there.
        """
        try:
            self._server = _Listener(address, port, pages)
        except (OSError, UnicodeError) as error:
            raise SetupError(
                f"metricsPort: cannot listen on {address} port {port} ({described(error)}): each worker of a host "
                "needs a port of its own, and metricsAddress an address of the host"
            ) from error
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), name="metrics", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # so many wait for their turn: little more than a second

    def __init__(self, address: str, port: int, pages: Mapping[str, Callable[[], Page]]) -> None:
        family, _, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        self.address_family = family
        self.pages = pages
        self._open: dict[Any, None] = {}
        self._lock = threading.Lock()
        self._next_at = 0.0
        super().__init__((str(place[0]), port), _Answer)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection when it is its turn. A quiet second is no credit for more than a few at once."""
        now = time.monotonic()
        self._next_at = max(self._next_at, now - _MOST_OPEN / _MOST_PER_SECOND) + 1 / _MOST_PER_SECOND
        if self._next_at > now:
            time.sleep(self._next_at - now)
        return super().get_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            oldest = next(iter(self._open)) if len(self._open) >= _MOST_OPEN else None
            self._open[request] = None
        if oldest is not None:
            with contextlib.suppress(OSError):  # it has just ended
                oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Whoever asked has gone, or was too slow."""
        log.debug("metrics.unanswered", "a connection to metricsPort ended without an answer")


class _Answer(BaseHTTPRequestHandler):
    server: _Listener
    server_version = "record-processor"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(io.BytesIO(self._question()))

    def _question(self) -> bytes:
        """Read the whole question in limited time and size, and not a byte of a body."""
        end, question = time.monotonic() + _PATIENCE_SECONDS, b""
        while _END not in question and len(question) < _LONGEST_QUESTION_BYTES:
            self.connection.settimeout(max(0.001, end - time.monotonic()))
            more = self.connection.recv(4096)
            if not more:
                break
            question += more
        self.connection.settimeout(_PATIENCE_SECONDS)  # for all that is sent
        return question

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        made = self.server.pages.get(self.path.partition("?")[0])
        page = made() if made is not None else _not_found(self.server.pages)
        self.send_response_only(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if with_body:
            self.wfile.write(page.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing: whoever can connect could fill the log."""


def _not_found(pages: Mapping[str, Callable[[], Page]]) -> Page:
    return Page(f"there is: {' '.join(pages)}\n".encode(), status=HTTPStatus.NOT_FOUND)
