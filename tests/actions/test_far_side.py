"""Webhooks whose remote side misbehaves."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from record_processor.actions.http import bounded_resolver
from record_processor.actions.http.bounded_http import BoundedClient
from record_processor.actions.webhook import WebhookAction, WebhookSettings
from record_processor.errors import ActionError, PermanentError
from record_processor.plugin import refusals
from record_processor.plugin.partial_batch_response import InvalidBatchResponse
from record_processor.plugin.refusals import Refusals
from tests.actions.delivery import SHARD, Delivery, changes
from tests.builders import change_record
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    StartDelivery = Callable[..., Delivery]
    Behaviour = Callable[[socket.socket], None]

_OK = b"HTTP/1.1 200 OK\r\n"


@contextlib.contextmanager
def far_side(behaviour: Behaviour) -> Iterator[str]:
    """The address of a server that gives each connection to `behaviour` and closes it then."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            behaviour(connection)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def request(connection: socket.socket) -> bytes:
    """All of one request."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += connection.recv(65536)
    head, _, body = read.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(head: bytes, body: bytes = b"") -> Behaviour:
    def behaviour(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)

    return behaviour


def trickle(connection: socket.socket, start: bytes) -> None:
    request(connection)
    connection.sendall(start)
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def slow_reader(connection: socket.socket) -> None:
    while connection.recv(1):
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("behaviour", "scheme"),
    [
        (lambda connection: trickle(connection, _OK + b"x-endless: "), "http"),
        (lambda connection: trickle(connection, _OK + b"content-length: 100000\r\n\r\n"), "http"),
        (slow_reader, "http"),
        (slow_reader, "https"),
    ],
    ids=["headers byte by byte", "body byte by byte", "reads byte by byte", "no TLS"],
)
def test_the_timeout_is_for_the_whole_call_whatever_trickles(behaviour: Behaviour, scheme: str) -> None:
    with far_side(behaviour) as url:
        client = BoundedClient(url.replace("http", scheme), 0.4, 1, True, {})
        begun = time.monotonic()
        with pytest.raises(httpx.TimeoutException):
            client.post(b"x" * 10_000_000, {}, 1000)
        assert time.monotonic() - begun < 5
        client.close()


def test_the_timeout_is_for_finding_the_address_too_and_one_lookup_serves_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answer = threading.Event()

    def silent(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        answer.wait(20)
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    client = BoundedClient("http://partner.example/", 0.1, 1, True, {})
    begun = time.monotonic()
    for _ in range(3):
        with pytest.raises(httpx.TimeoutException, match="its address could not be resolved in time"):
            client.post(b"{}", {}, 1000)
    assert time.monotonic() - begun < 5
    assert asked == ["partner.example"]
    answer.set()
    wait_for(lambda: not bounded_resolver._pending, "the end of the lookup")
    with pytest.raises(httpx.ConnectError, match="no such host"):
        client.post(b"{}", {}, 1000)
    client.close()


def test_an_endless_answer_is_read_to_a_limit_and_its_connection_closed() -> None:
    sent: list[int] = []
    closed = threading.Event()

    def endless(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(_OK + b"content-length: 99999999999\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                sent.append(connection.send(b"x" * 65536))
        closed.set()

    with far_side(endless) as url:
        client = BoundedClient(url, 5, 1, True, {})
        answer = client.post(b"{}", {}, 1000)
        assert (answer.status, len(answer.content), answer.cut) == (200, 1000, True)
        assert closed.wait(5)
        assert sum(sent) < 20_000_000
        client.close()


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, b"gzip"), (zlib.compress, b"deflate")])
def test_a_compressed_answer_is_unpacked_to_a_limit(pack: Callable[[bytes], bytes], name: bytes) -> None:
    bomb = pack(bytes(50_000_000))
    with far_side(answering(_OK + b"content-encoding: " + name + b"\r\n", bomb)) as url:
        client = BoundedClient(url, 5, 1, True, {})
        answer = client.post(b"{}", {}, 100_000)
        assert (len(answer.content), answer.cut) == (100_000, True)
        client.close()


def test_the_far_side_is_asked_for_no_compression_and_its_cookies_are_left_alone() -> None:
    heads: list[bytes] = []

    def keep(connection: socket.socket) -> None:
        heads.append(request(connection).lower())
        connection.sendall(_OK + b"set-cookie: a=b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    with far_side(keep) as url:
        client = BoundedClient(url, 5, 1, True, {})
        client.post(b"{}", {}, 1000)
        client.post(b"{}", {}, 1000)
        client.close()
    assert all(b"accept-encoding: identity" in head for head in heads)
    assert b"cookie" not in heads[1]


def webhook(url: str) -> WebhookAction:
    action = WebhookAction(WebhookSettings(name="a", type="webhook", url=url))
    action.open(SHARD)
    return action


@pytest.mark.parametrize(
    "body",
    [
        b'{"batchItemFailures": ' + b"[" * 60_000,
        b'{"batchItemFailures": [{"itemIdentifier": "' + b"1" * 100_000,
        b'{"batchItemFailures": [',
    ],
    ids=["deep", "long", "broken"],
)
def test_an_answer_that_begins_to_name_failures_and_cannot_be_read_is_no_success(body: bytes) -> None:
    with far_side(answering(_OK + b"content-type: Application/JSON\r\n", body)) as url:
        action = webhook(url)
        with pytest.raises(InvalidBatchResponse):
            action.deliver([change_record()])
        action.close()


def test_json_of_any_depth_and_size_that_names_no_failures_is_a_success() -> None:
    with far_side(answering(_OK + b"content-type: application/json\r\n", b"[" * 200_000)) as url:
        action = webhook(url)
        action.deliver([change_record()])
        action.close()


class Partner:
    """Answers each request with a status, and keeps the bodies of those that it accepted."""

    def __init__(self) -> None:
        self.refusing = True
        self.taken: list[Any] = []

    def __call__(self, connection: socket.socket) -> None:
        body = request(connection).partition(b"\r\n\r\n")[2]
        if not self.refusing:
            self.taken.append(json.loads(body))
        status = b"401 Unauthorized" if self.refusing else b"200 OK"
        connection.sendall(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


def test_a_partner_that_refuses_everything_costs_a_few_dead_letters_and_is_waited_for(
    delivery: StartDelivery, caplog: pytest.LogCaptureFixture
) -> None:
    partner = Partner()
    with far_side(partner) as url:
        running = delivery({"type": "webhook", "url": url, "template": "{keys.id}"})
        running.submit(changes(40, 1))
        wait_for(lambda: "for many records in a row" in caplog.text, "it says what it takes it for", seconds=20)
        partner.refusing = False
        running.finish()
    assert len(running.letters()) == refusals.MOST_IN_A_ROW - 1
    assert partner.taken == [f"item-{number}" for number in range(refusals.MOST_IN_A_ROW - 1, 40)]


def test_a_record_that_is_refused_among_others_that_are_taken_is_to_blame_itself() -> None:
    lately = Refusals()
    for number in range(100):
        assert not lately.is_outage(str(number))
        assert not lately.is_outage()
        if number % 5 == 0:
            lately.taken()


def test_during_an_outage_one_record_is_let_go_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("record_processor.plugin.refusals.time.monotonic", lambda: now[0])
    lately = Refusals()
    verdicts = [lately.is_outage(str(number)) for number in range(refusals.MOST_IN_A_ROW)]
    assert verdicts == [False] * (refusals.MOST_IN_A_ROW - 1) + [True]
    assert lately.is_outage("9")
    now[0] += refusals.LET_GO_SECONDS
    assert not lately.is_outage("9")
    assert lately.is_outage("10")
    lately.taken()
    assert not lately.is_outage("10")


def test_what_is_no_success_is_named_with_its_status_and_a_bounded_text() -> None:
    with far_side(answering(b"HTTP/1.1 422 Odd\r\n", b"e" * 5_000_000)) as url:
        action = webhook(url)
        with pytest.raises(PermanentError, match=r"^POST: 422 Odd: e{200}$"):
            action.deliver([change_record()])
        action.close()


def test_an_address_where_nothing_listens_is_waited_for() -> None:
    action = webhook("http://127.0.0.1:1/")
    with pytest.raises(ActionError, match="POST: ConnectError"):
        action.deliver([change_record()])
    action.close()
