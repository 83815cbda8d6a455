"""What a proxy in front of a test server is made of: a handler that asks it for an answer, and the way on."""

from __future__ import annotations

import contextlib
import http.client
import socket
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from tests.servers.answers import Answer, Request
from tests.servers.process import LOOPBACK

if TYPE_CHECKING:
    import ssl


class DropConnection(Exception):  # noqa: N818 - what happens, not what failed
    """The client gets no answer."""


class Answerer(Protocol):
    def answer(self, request: Request) -> Answer: ...


def forward(upstream: str, request: Request, tls: ssl.SSLContext | None = None) -> Answer:
    """Return the server's answer to a request.

    Raises:
        DropConnection: there is none.
    """
    address = urlsplit(upstream)
    host, port = address.hostname or LOOPBACK, address.port
    if tls is None:
        connection = http.client.HTTPConnection(host, port, timeout=30)
    else:
        connection = http.client.HTTPSConnection(host, port, timeout=30, context=tls)
    try:
        # The Host header is a part of what is signed.
        connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name.lower() not in ("connection", "content-length", "expect", "transfer-encoding"):
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    except OSError:
        raise DropConnection from None
    finally:
        connection.close()


def handler(proxy: Answerer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Otherwise head and body of an answer are sent separately, and wait for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle_expect_100(self) -> bool:
            going_on = super().handle_expect_100()
            self.wfile.flush()
            return going_on

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            try:
                answer = proxy.answer(Request(self.command, self.path, dict(self.headers.items()), body))
            except DropConnection:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            with contextlib.suppress(OSError):  # the client may have given up
                self._send(answer)

        def _send(self, answer: Answer) -> None:
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any  # noqa: N815 - the server's names

        def log_message(self, *_arguments: object) -> None:
            pass

    return Handler
