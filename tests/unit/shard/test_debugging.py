"""`run --debug`: a handler stops for a debugger and continues, without losing its lease or repeating its record."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import socket
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.system import shard_environment
from tests.shard_process import PATIENCE_SECONDS, ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STOPS = """
def handle(event, context):
    number = event["Records"][0]["dynamodb"]["SequenceNumber"]
    breakpoint()
    print("done " + number)
"""
LINE_OF_PRINT = 5
WELL = STOPS.replace("    breakpoint()\n", "    mark = number\n")
ASYNC = STOPS.replace("def handle", "async def handle")


class Terminal:
    """The worker's, played by the test."""

    def __init__(self, path: Path) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._server.settimeout(PATIENCE_SECONDS)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        connection, _ = self._server.accept()
        connection.settimeout(PATIENCE_SECONDS)
        with connection:
            yield Session(connection)

    def close(self) -> None:
        self._server.close()

    @property
    def is_called(self) -> bool:
        return bool(select.select([self._server], [], [], 0)[0])


class Session:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def shown(self) -> str:
        """Up to the next prompt, or the end of the session."""
        text = ""
        while not text.endswith("(Pdb) ") and (part := self._connection.recv(4096)):
            text += part.decode()
        return text

    def shown_to_the_end(self) -> str:
        return "".join(iter(self.shown, ""))

    def type(self, text: str) -> None:
        self._connection.sendall(text.encode())

    def end_input(self) -> None:
        self._connection.shutdown(socket.SHUT_WR)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "debug")
    yield made
    made.close()


@pytest.fixture
def start(tmp_path: Path, terminal: Terminal) -> Iterator[Callable[..., ShardProcess]]:
    assert not terminal.is_called
    running: list[ShardProcess] = []

    def begin(code: str, **settings: Any) -> ShardProcess:
        action = python_action(tmp_path, code, timeout="0s", **settings)
        env = {shard_environment.DEBUG: str(tmp_path / "debug"), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        running.append(ShardProcess(tmp_path, [action], env=env))
        return running[-1].initialize()

    yield begin
    for process in running:
        process.kill()


@pytest.mark.parametrize("code", [STOPS, ASYNC])
def test_breakpoint_stops_in_the_handler_and_a_record_that_is_looked_at_is_done_once(
    start: Callable[..., ShardProcess], terminal: Terminal, code: str
) -> None:
    shard = start(code)
    shard.records(1)
    with terminal.session() as session:
        assert re.search(r"handlers\.py\([45]\)handle\(\)", session.shown())  # 3.13 stops at the call itself
        # The shard process answers KCL meanwhile.
        shard.records()
        session.type("number\n")
        assert session.shown() == "'1'\n(Pdb) "
        session.type("number = 'changed'\n")
        session.shown()
        session.type("continue\n")
        assert session.shown() == ""
    shard.wait_for_checkpoint(1)
    assert [event["message"] for event in shard.of("handler.print")] == ["done changed"]


def test_stepping_goes_on_where_the_last_stop_was_and_keeps_what_was_typed_ahead(
    start: Callable[..., ShardProcess], terminal: Terminal
) -> None:
    shard = start(STOPS)
    shard.records(1)
    with terminal.session() as session:
        session.shown()
        session.type("next\nnumber\ncontinue\n")
        session.shown()
    with terminal.session() as session:
        assert "'1'" in session.shown_to_the_end()
    shard.wait_for_checkpoint(1)


def test_where_nobody_types_a_stop_is_shown_and_the_handler_goes_on(
    start: Callable[..., ShardProcess], terminal: Terminal
) -> None:
    shard = start(STOPS)
    shard.records(1)
    with terminal.session() as session:
        session.end_input()
        assert re.search(r"handlers\.py\([45]\)handle\(\)", session.shown())  # 3.13 stops at the call itself
    shard.wait_for_checkpoint(1)
    assert not shard.of("delivery.blocked")


class Editor:
    """As much of the Debug Adapter Protocol as an editor needs to stop at a line."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self._file = self._connection.makefile("rb")
        self._asked = 0
        self._events: list[dict[str, Any]] = []

    def ask(self, command: str, **arguments: Any) -> None:
        self._asked += 1
        message = {"seq": self._asked, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._connection.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def answer(self, command: str, **arguments: Any) -> dict[str, Any]:
        self.ask(command, **arguments)
        return self.wait("response", "command", command)

    def event(self, name: str) -> dict[str, Any]:
        return self.wait("event", "event", name)

    def wait(self, kind: str, key: str, name: str) -> dict[str, Any]:
        while True:
            for message in self._events:
                if message["type"] == kind and message[key] == name:
                    self._events.remove(message)
                    return message.get("body", {})  # type: ignore[no-any-return]
            self._events.append(self._read())

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._file.readline().strip():
            length = int(line.split()[1])
        return json.loads(self._file.read(length))  # type: ignore[no-any-return]

    def close(self) -> None:
        self._file.close()
        self._connection.close()


def listening_addresses(port: int) -> set[str]:
    """Of sockets of this machine that listen on a port, as the kernel writes them."""
    found = set()
    for name in ("tcp", "tcp6"):
        with open(f"/proc/net/{name}") as table:  # noqa: PTH123
            rows = [line.split() for line in table.readlines()[1:]]
        found |= {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}
    return found


def test_an_editor_stops_in_the_handler_through_a_port_of_this_machine_alone(
    start: Callable[..., ShardProcess], tmp_path: Path
) -> None:
    shard = start(WELL)
    port = shard.wait_for_event("debug.ready")["port"]
    assert listening_addresses(port) == {"0100007F"}
    editor = Editor(port)
    editor.answer("initialize", adapterID="test", pathFormat="path")
    editor.ask("attach", justMyCode=False)
    editor.event("initialized")
    breakpoints = [{"line": LINE_OF_PRINT}]
    editor.answer("setBreakpoints", source={"path": str(tmp_path / "handlers.py")}, breakpoints=breakpoints)
    editor.answer("configurationDone")
    shard.records(1)
    thread = editor.event("stopped")["threadId"]
    frame = editor.answer("stackTrace", threadId=thread)["stackFrames"][0]
    assert (frame["name"], frame["line"]) == ("handle", LINE_OF_PRINT)
    assert editor.answer("evaluate", expression="number", frameId=frame["id"])["result"] == "'1'"
    editor.answer("continue", threadId=thread)
    shard.wait_for_checkpoint(1)
    assert not shard.of("delivery.blocked")
    editor.close()


def test_pythonbreakpoint_of_the_user_is_left_alone(
    start: Callable[..., ShardProcess], terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "PYTHONBREAKPOINT", "0")
    shard = start(STOPS)
    shard.records(1)
    shard.wait_for_checkpoint(1)
    assert not terminal.is_called
