"""Whoever asks, however often or slowly: others get their answer, and it costs next to nothing."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from record_processor.errors import SetupError
from record_processor.host.metrics import server
from record_processor.host.metrics.server import Page, Server
from tests.harness import wait_for
from tests.servers.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

MADE: list[float] = []


def made() -> Page:
    MADE.append(time.monotonic())
    return Page(b"it works\n")


@pytest.fixture
def port() -> Iterator[int]:
    MADE.clear()
    running = Server(LOOPBACK, free_port(), {"/page": made, "/broken": broken})
    yield running.port
    running.close()


def broken() -> Page:
    raise ValueError("a bug")


def asked(port: int, path: str = "/page", method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=20)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


def sent(port: int, question: bytes) -> bytes:
    with socket.create_connection((LOOPBACK, port), 20) as connection:
        connection.sendall(question)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while more := connection.recv(65536):
                answer += more
        return answer


def test_it_answers_get_and_head_and_says_what_there_is(port: int) -> None:
    status, body, headers = asked(port, "/page?a=b")
    assert (status, body, headers["Content-Type"]) == (200, b"it works\n", "text/plain; charset=utf-8")
    status, body, headers = asked(port, method="HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", "9")
    assert asked(port, "/other")[:2] == (404, b"there is: /page /broken\n")
    assert asked(port, method="POST")[0] == 501


@pytest.mark.parametrize(
    "question",
    [b"", b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n", b"GET /page HTTP/9.9\r\n\r\n", b"X" * 40_000],
    ids=["nothing", "an empty line", "half a line", "no text", "another version", "too much"],
)
def test_what_is_no_question_gets_no_page_and_breaks_nothing(port: int, question: bytes) -> None:
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 20) as connection:
        connection.sendall(question)
        with contextlib.suppress(OSError):  # it is ended already, and not by us
            connection.shutdown(socket.SHUT_WR)
        assert b"it works" not in connection.recv(65536)
    assert asked(port)[0] == 200


def test_a_page_that_cannot_be_made_breaks_nothing(port: int) -> None:
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        asked(port, "/broken")
    assert asked(port)[0] == 200


def test_connections_that_hang_keep_nobody_out_and_are_ended(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    hanging = [socket.create_connection((LOOPBACK, port), 20) for _ in range(40)]
    for connection in hanging:
        connection.sendall(b"GET /page HTTP/1.1\r\n")
    assert asked(port)[:2] == (200, b"it works\n")
    wait_for(lambda: threading.active_count() - before <= 20, "a thread for each that is open", 20)
    for connection in hanging:
        connection.close()
    wait_for(lambda: threading.active_count() <= before, "their threads have ended", 20)

    monkeypatch.setattr(server, "_PATIENCE_SECONDS", 0.2)
    with socket.create_connection((LOOPBACK, port), 20) as connection:
        connection.sendall(b"GET /page HTTP/1.1\r\n")
        assert connection.recv(100) == b""  # it was ended, although it is not the oldest of many


def test_one_that_sends_a_byte_now_and_then_is_ended_too(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_PATIENCE_SECONDS", 0.5)
    with socket.create_connection((LOOPBACK, port), 20) as connection:
        wait_for(lambda: not goes_on(connection), "it is ended", 20)


def goes_on(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"G")
    except ConnectionError:
        return False
    return True


def test_a_flood_is_answered_at_a_limited_rate_and_others_wait_for_their_turn(port: int) -> None:
    over = threading.Event()

    def flood() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                asked(port)

    threads = [threading.Thread(target=flood, daemon=True) for _ in range(32)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(MADE) > 20, "the flood has come", 20)
    begun, before = time.monotonic(), len(MADE)
    wait_for(lambda: time.monotonic() - begun > 2, "two seconds", 5)
    count, seconds = len(MADE) - before, time.monotonic() - begun
    assert asked(port)[0] == 200
    over.set()
    for thread in threads:
        thread.join(20)
    assert count <= 110 * seconds + 16


def test_a_port_that_is_taken_is_one_message(port: int) -> None:
    with pytest.raises(SetupError, match=f"cannot listen on {LOOPBACK} port {port} .*port of its own"):
        Server(LOOPBACK, port, {})
    with pytest.raises(SetupError, match="metricsAddress"):
        Server("203.0.113.7", free_port(), {})


def test_an_address_may_be_of_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    running = Server("::1", free_port(), {"/page": made})
    with socket.create_connection(("::1", running.port), 20) as connection:
        connection.sendall(b"GET /page HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.endswith(b"it works\n")
    running.close()
