"""An HTTP server on loopback that no browser can exhaust: few connections at once, each for a short time."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from record_processor.console import authority
from record_processor.console.answers import Answer, refuse, with_type
from record_processor.console.origins import is_foreign, is_ours
from record_processor.errors import SetupError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any

    Answerer = Callable[[str, str | None], Answer]
    Taker = Callable[[str, bytes], Answer]

LOOPBACK = "127.0.0.1"
MOST_CONNECTIONS = 32
LONGEST_SECONDS = 10.0
"""After this long a connection is closed, whatever it is doing."""
_SILENCE_SECONDS = 5.0
_LONGEST_BODY_BYTES = 16_384
_BUSY = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n"
_TOO_MANY = 503
_LENGTH = re.compile("[0-9]{1,6}")
# The page loads its own files and nothing else, makes no HTML of text, and is in nobody's frame.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class ConsoleServer(socketserver.ThreadingTCPServer):
    """Listens when it is made. Each connection has one request, and a thread for it."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int, answer: Answerer, take: Taker | None = None, token: str = "") -> None:
        """`answer` gets a request's target and its If-None-Match, and is called by many threads.

        `take` gets the target and the body of a request that changes something and has the token; None: none may.

        Raises:
            SetupError: the port is taken, or may not be used.
        """
        self.answer = answer
        self.take = take
        self.token = token
        self._lock = threading.Lock()
        self._since: dict[Any, float] = {}
        try:
            super().__init__((LOOPBACK, port), _Request)
        except OSError as error:
            raise SetupError(
                f"port {port} of {LOOPBACK} cannot be used: {error.strerror}; choose another with --port"
            ) from None

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            is_full = len(self._since) >= MOST_CONNECTIONS
            if not is_full:
                self._since[request] = time.monotonic()
        if is_full:
            _send_without_waiting(request, _BUSY)
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._since.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """End connections that take too long: the thread's call returns, and its thread ends."""
        last = time.monotonic() - LONGEST_SECONDS
        with self._lock:
            late = [request for request, since in self._since.items() if since < last]
        for request in late:
            _end(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore connections that break: browsers do that."""


class _Request(BaseHTTPRequestHandler):
    """One request: checked for where it comes from, and answered."""

    server: ConsoleServer
    timeout = _SILENCE_SECONDS
    server_version = "record-processor"
    sys_version = ""

    def do_GET(self) -> None:
        self._send(self._answer(), self.command == "GET")

    do_HEAD = do_GET  # noqa: N815 - as above

    def do_POST(self) -> None:
        self._send(self._ordered(), with_body=True)

    def _answer(self) -> Answer:
        return self._refusal() or self.server.answer(self.path, self.headers.get("If-None-Match"))

    def _refusal(self) -> Answer | None:
        if not is_ours(self.headers.get_all("Host", [])):
            return refuse(421, "expected the address of this machine: 127.0.0.1 or localhost")
        if is_foreign(self.headers.get("Sec-Fetch-Site"), self.path):
            return refuse(403, "other pages may not ask the console")
        return None

    def _ordered(self) -> Answer:
        """Carry out a request that changes something, if it may."""
        if self.server.take is None:
            return refuse(501, "this console changes nothing: start it with --allow-actions")
        body = self._body()  # first: a connection that is closed before is broken for the browser
        refused = self._refusal()
        if refused is not None:
            return refused
        reason = authority.refusal(self.headers, self.server.token)
        if reason is not None:
            return refuse(*reason)
        if body is None:
            return refuse(413, f"expected a body of at most {_LONGEST_BODY_BYTES} bytes, and its length")
        return self.server.take(self.path, body)

    def _body(self) -> bytes | None:
        """Return the whole body; None if it is too long, or its length is not given."""
        length = self.headers.get("Content-Length", "")
        if not _LENGTH.fullmatch(length) or int(length) > _LONGEST_BODY_BYTES or "Transfer-Encoding" in self.headers:
            return None
        body = self.rfile.read(int(length))
        return body if len(body) == int(length) else None

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what cannot be read with a sentence that repeats nothing of it."""
        del message, explain
        self._send(
            refuse(code, "not a request for the console: it answers GET and HEAD, and orders if they are allowed"),
            with_body=True,
        )

    def _send(self, answer: Answer, with_body: bool) -> None:
        self.send_response(answer.status)
        for name, value in {**_HEADERS, **with_type(answer)}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Log nothing: what a browser asks for is on its screen."""


def _send_without_waiting(request: socket.socket, content: bytes) -> None:
    try:
        request.setblocking(False)
        request.send(content)
    except OSError:
        return


def _end(request: socket.socket) -> None:
    try:
        request.shutdown(2)
    except OSError:
        return
