"""Only a page of this console that was opened with its token changes something, and an order is its command exactly."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.console import order as orders
from record_processor.console import server as servers
from record_processor.console.answers import Answer, of_data
from record_processor.console.authority import new_token
from record_processor.console.order_desk import OrderDesk
from record_processor.console.routes import Routes
from record_processor.console.server import LOOPBACK, ConsoleServer
from record_processor.errors import SetupError
from tests.harness import wait_for
from tests.servers.process import free_port
from tests.unit.console.test_server import asked, raw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = new_token()


@pytest.fixture
def taken() -> list[bytes]:
    return []


@pytest.fixture
def port(taken: list[bytes]) -> Iterator[int]:
    def take(body: bytes) -> Answer:
        taken.append(body)
        return of_data({})

    routes = Routes()
    routes.add("/api/orders", lambda _: of_data({}))
    routes.add_order("/api/orders", take)
    with ConsoleServer(free_port(), routes.answer, routes.order, TOKEN) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def post(port: int, path: str = "/api/orders", body: bytes = b"{}", **changed: Any) -> int:
    """Ask as the page does, but for what is changed; None leaves a header out."""
    headers: dict[str, Any] = {
        "Host": f"127.0.0.1:{port}",
        "Origin": f"http://127.0.0.1:{port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-Console-Token": TOKEN,
        "Sec-Fetch-Site": "same-origin",
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    answer = raw(port, "\r\n".join([*lines, "", ""]).encode() + body)
    return int(answer.split()[1])


def test_the_page_with_its_token_may_order(port: int, taken: list[bytes]) -> None:
    assert post(port, body=b'{"verb": "reload"}') == 200
    assert post(port, Host="localhost:9000", Origin="http://localhost:9000") == 200  # through a tunnel
    assert post(port, Sec_Fetch_Site=None) == 200  # an old browser
    assert taken == [b'{"verb": "reload"}', b"{}", b"{}"]


@pytest.mark.parametrize(
    ("status", "changed"),
    [
        pytest.param(401, {"X_Console_Token": None}, id="no token"),
        pytest.param(401, {"X_Console_Token": ""}, id="an empty one"),
        pytest.param(401, {"X_Console_Token": TOKEN[:-1]}, id="a part of it"),
        pytest.param(401, {"X_Console_Token": "\u00e9"}, id="one that is no ASCII"),
        pytest.param(401, {"X_Console_Token": f"{TOKEN}\r\nX-Console-Token: {TOKEN}"}, id="two"),
        pytest.param(403, {"Origin": None}, id="no origin"),
        pytest.param(403, {"Origin": "null"}, id="a sandboxed frame"),
        pytest.param(403, {"Origin": "http://evil.example"}, id="another page"),
        pytest.param(403, {"Origin": "http://127.0.0.1:1"}, id="a page of another port of this machine"),
        pytest.param(403, {"Origin": "https://127.0.0.1:{port}"}, id="another scheme"),
        pytest.param(421, {"Host": "evil.example", "Origin": "http://evil.example"}, id="a name that leads here"),
        pytest.param(403, {"Sec_Fetch_Site": "cross-site"}, id="a page that says it is another"),
        pytest.param(403, {"Sec_Fetch_Site": "same-site"}, id="a page of this machine"),
        pytest.param(415, {"Content_Type": "text/plain"}, id="a form, which needs nobody's leave"),
        pytest.param(415, {"Content_Type": None}, id="no type"),
        pytest.param(413, {"Content_Length": None}, id="no length"),
        pytest.param(413, {"Content_Length": "99999"}, id="too long"),
        pytest.param(413, {"Content_Length": "-1"}, id="a length that is none"),
        pytest.param(413, {"Transfer_Encoding": "chunked"}, id="a body in chunks"),
    ],
)
def test_nobody_else_may(port: int, taken: list[bytes], status: int, changed: dict[str, Any]) -> None:
    changed = {name: value and value.replace("{port}", str(port)) for name, value in changed.items()}
    assert post(port, **changed) == status
    assert taken == []


def test_a_token_in_the_address_is_none(port: int, taken: list[bytes]) -> None:
    assert post(port, f"/api/orders?token={TOKEN}&X-Console-Token={TOKEN}", X_Console_Token=None) == 401
    assert taken == []


def test_reading_never_orders_and_a_page_that_is_none_is_told_so(port: int, taken: list[bytes]) -> None:
    assert asked(port, f"/api/orders?verb=reload&token={TOKEN}", X_Console_Token=TOKEN).status == 200
    assert post(port, "/api/other") == 404
    assert taken == []


def test_a_body_that_never_comes_holds_a_connection_for_some_seconds_only(
    port: int, taken: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "LONGEST_SECONDS", 0.5)
    with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
        lines = ["POST /api/orders HTTP/1.1", "Host: localhost", f"X-Console-Token: {TOKEN}", "Content-Length: 9"]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        wait_for(lambda: connection.recv(4096) == b"", "it is ended", 10)
    assert taken == []


def test_a_console_that_was_not_told_otherwise_takes_no_order() -> None:
    with ConsoleServer(free_port(), Routes().answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        assert post(server.server_address[1], X_Console_Token="") == 501
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ({"verb": "pause"}, ["pause"]),
        (
            {"verb": "pause", "table": "Orders", "action": "mail", "reason": "a move"},
            ["pause", "--table=Orders", "--action=mail", "--reason=a move"],
        ),
        ({"verb": "resume", "shard": "s-1", "table": "T"}, ["resume", "--table=T", "--shard=s-1"]),
        ({"verb": "resume", "everything": True}, ["resume", "--all"]),
        ({"verb": "reload", "reason": "--set=a=b"}, ["reload", "--reason=--set=a=b"]),
        ({"verb": "replay", "action": "mail", "rate": "5/s"}, ["replay", "--action=mail", "--rate=5/s"]),
        ({"verb": "replay", "action": "--help", "letter": "1"}, ["replay", "--action=--help", "--id=1"]),
        (
            {"verb": "skip", "shard": "--all", "sequence_number": "12", "action": "mail", "reason": "a test"},
            ["skip", "--action=mail", "--reason=a test", "|", "--all", "12"],
        ),
    ],
)
def test_an_order_is_its_command_and_no_text_becomes_an_option(given: dict[str, Any], arguments: list[str]) -> None:
    verb, rest = orders.command(orders.read(json.dumps(given).encode()))
    assert [*verb, *(["|", *rest] if rest else [])] == arguments


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"verb": "purge"}',
        b'{"verb": "pause", "set": "a=b"}',
        b'{"verb": "skip", "shard": "s", "sequence_number": "12", "action": "a"}',
        b'{"verb": "skip", "shard": "s", "sequence_number": "12; rm", "action": "a", "reason": "b"}',
        b'{"verb": "skip", "shard": "s", "sequence_number": "12\\n", "action": "a", "reason": "b"}',
        b'{"verb": "replay"}',
        b'{"verb": "pause", "reason": "a\\u0000b"}',
        b'{"verb": "pause", "reason": "two\\nlines"}',
        b'{"verb": "pause", "reason": "' + b"x" * 301 + b'"}',
    ],
)
def test_what_is_no_order_is_refused(body: bytes) -> None:
    with pytest.raises(SetupError):
        orders.command(orders.read(body))


def test_one_order_is_carried_out_at_a_time_and_what_its_command_says_is_its_outcome(tmp_path: Path) -> None:
    desk = OrderDesk(tmp_path / "absent.properties", ["a=b"])
    first = json.loads(contents(desk.take(b'{"verb": "pause", "reason": "it is late"}')))
    assert first["command"] == "record-processor pause '--reason=it is late' absent.properties"
    assert desk.take(b'{"verb": "reload"}').status == 409
    wait_for(lambda: json.loads(contents(desk.outcome({})))["status"] is not None, "it ends")
    outcome = json.loads(contents(desk.outcome({})))
    assert outcome["status"] == 2
    assert "absent.properties: cannot be read" in outcome["said"][-1]
    assert desk.stop(b"").status == 409


def contents(answer: Any) -> bytes:
    body: bytes = gzip.decompress(answer.body) if answer.is_gzip else answer.body
    return body
