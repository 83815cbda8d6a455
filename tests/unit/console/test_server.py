"""The console's server answers its own page alone, and no browser can exhaust it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from record_processor.console import server as servers
from record_processor.console.answers import Answer, content
from record_processor.console.routes import Routes
from record_processor.console.server import LOOPBACK, ConsoleServer
from record_processor.errors import SetupError
from tests.harness import wait_for
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextlib.contextmanager
def serving(routes: Routes | None = None) -> Iterator[int]:
    made = routes or Routes()
    made.add("/api/state", state)
    made.add("/api/fault", fault)
    with ConsoleServer(free_port(), made.answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def state(_: Mapping[str, str]) -> Answer:
    return content(b'{"state": "fine"}', "application/json")


def fault(_: Mapping[str, str]) -> Answer:
    raise ValueError("<b>broken</b>")


def asked(port: int, target: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
        connection.sendall(request)
        found = b""
        while some := connection.recv(4096):
            found += some
    return found


@pytest.fixture
def port() -> Iterator[int]:
    with serving() as made:
        yield made


def test_the_page_may_load_its_own_files_and_nothing_else(port: int) -> None:
    answer = asked(port, "/")
    assert answer.status == 200
    policy = answer.getheader("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.getheader("X-Frame-Options") == "DENY"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-store"


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST:9000", "[::1]:8080", "localhost"])
def test_a_host_header_that_names_this_machine_is_answered_also_through_a_tunnel(port: int, host: str) -> None:
    assert asked(port, "/", Host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "", "10.0.0.1", "127.0.0.1:80:80"]
)
def test_a_name_that_leads_here_is_refused_whatever_it_asks_for(port: int, host: str) -> None:
    for target in ("/", "/api/state", "/console.css"):
        assert asked(port, target, Host=host).status == 421


def test_a_request_without_or_with_two_hosts_is_refused(port: int) -> None:
    assert b" 421 " in raw(port, b"GET / HTTP/1.1\r\n\r\n")
    assert b" 421 " in raw(port, b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "something new"])
def test_pages_of_others_cause_no_work_and_may_only_link(port: int, site: str) -> None:
    assert asked(port, "/api/state", Sec_Fetch_Site=site).status == 403
    assert asked(port, "/", Sec_Fetch_Site=site).status == 200
    for own in ("same-origin", "none"):
        assert asked(port, "/api/state", Sec_Fetch_Site=own).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_but_reading_is_answered(port: int, method: str) -> None:
    assert asked(port, "/api/state", method).status == 501


def test_a_browser_that_has_the_answer_gets_none(port: int) -> None:
    first = asked(port, "/api/state")
    tag = first.getheader("ETag")
    assert tag is not None
    again = asked(port, "/api/state", If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")  # type: ignore[attr-defined]


def test_what_cannot_be_read_is_answered_without_repeating_it(port: int) -> None:
    assert b"script>" not in raw(port, b"<script>\r\n\r\n")
    assert b"script>" not in raw(port, b"GET /<script> HTTP/9.9\r\nHost: localhost\r\n\r\n")
    for first in (b"GET /<script> HTTP/1.1", b"<script> / HTTP/1.1"):
        answer = raw(port, first + b"\r\nHost: localhost\r\n\r\n")
        assert b"script>" not in answer
        assert b"Content-Security-Policy" in answer
    assert asked(port, "/../../etc/passwd").status == 404
    assert asked(port, "//evil.example/").status == 404
    assert asked(port, f"/api/state?{'&'.join('abcdefghijklmnopqrstuvwxyz')}").status == 400


def test_a_fault_is_an_answer_and_the_console_goes_on(port: int) -> None:
    answer = asked(port, "/api/fault")
    assert answer.status == 500
    assert answer.getheader("Content-Type") == "application/json"
    assert asked(port, "/api/state").status == 200


def test_browsers_that_hang_hold_few_connections_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "LONGEST_SECONDS", 1.0)
    with serving() as port, contextlib.ExitStack() as stack:
        hanging = [
            stack.enter_context(socket.create_connection((LOOPBACK, port), timeout=10))
            for _ in range(servers.MOST_CONNECTIONS)
        ]
        for one in hanging:
            one.sendall(b"GET / HTTP/1.1\r\n")  # and never the rest
        begun = threading.active_count()
        wait_for(lambda: b" 503 " in raw(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "there are too many")
        assert threading.active_count() <= begun + servers.MOST_CONNECTIONS
        assert wait_for(lambda: asked_or_none(port) == 200, "the console has ended them", 20)


def test_a_browser_that_sends_a_byte_now_and_then_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "LONGEST_SECONDS", 1.0)
    with serving() as port, socket.create_connection((LOOPBACK, port), timeout=10) as slow:

        def is_ended() -> bool:
            try:
                slow.sendall(b"X")
            except OSError:
                return True
            time.sleep(0.1)
            return False

        wait_for(is_ended, "the connection is ended", 20)


def asked_or_none(port: int) -> int | None:
    try:
        return asked(port, "/api/state").status
    except (OSError, http.client.HTTPException):
        return None


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(SetupError, match=f"port {taken} of 127.0.0.1 cannot be used: .*--port"):
            ConsoleServer(taken, Routes().answer)
