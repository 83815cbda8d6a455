"""A proxy in front of a server that gives the faults which the server itself does not give when asked.

It also refuses what AWS refuses, since no test server is as strict.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.servers.limits import refusal
from tests.servers.process import LOOPBACK
from tests.servers.proxy import DropConnection, forward, handler

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from tests.servers.answers import Answer, Request
    from tests.servers.dialects import Dialect


class Faults:
    """Passes requests on; the next ones meet the faults that were asked for, one fault a request."""

    def __init__(
        self,
        upstream: str,
        dialect: Dialect,
        server_tls: ssl.SSLContext | None = None,
        client_tls: ssl.SSLContext | None = None,
    ) -> None:
        self._upstream = upstream
        self._client_tls = client_tls
        self._dialect = dialect
        self._plan: deque[Callable[[Request], Answer]] = deque()
        self._closed = threading.Event()
        self._under_way = 0
        self._changed = threading.Condition()
        self.requests = 0
        self.last: Request | None = None
        self._server = ThreadingHTTPServer((LOOPBACK, 0), handler(self))
        self._server.daemon_threads = True
        if server_tls is not None:
            self._server.socket = server_tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if server_tls is None else "https"
        self.address = f"{scheme}://{LOOPBACK}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def throttle(self, times: int) -> None:
        self._plan.extend([lambda _request: self._dialect.throttled()] * times)

    def refuse(self, times: int) -> None:
        """Credentials that the service does not like."""
        self._plan.extend([lambda _request: self._dialect.refused()] * times)

    def fail_partly(self, times: int) -> None:
        """Every other entry of a call fails, and does not reach the server."""
        self._plan.extend([lambda request: self._dialect.partly(request, self._forward)] * times)

    def be_slow(self, seconds: float, times: int) -> None:
        def slow(request: Request) -> Answer:
            answer = self._forward(request)
            time.sleep(seconds)
            return answer

        self._plan.extend([slow] * times)

    def lose_the_answer(self, times: int) -> None:
        """The server does its work, and the connection breaks."""

        def lose(request: Request) -> Answer:
            self._forward(request)
            raise DropConnection

        self._plan.extend([lose] * times)

    def close(self) -> None:
        """Refuse everything; return when no request is running anymore."""
        self._closed.set()
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, 30)

    def open(self) -> None:
        self._closed.clear()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> Answer:
        with self._changed:
            if self._closed.is_set():
                raise DropConnection
            self._under_way += 1
            self.requests += 1
            self.last = request
            fault = self._plan.popleft() if self._plan else self._forward
        try:
            return refusal(request) or fault(request)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _forward(self, request: Request) -> Answer:
        return forward(self._upstream, request, self._client_tls)
