from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from record_processor.host.log_output import LogOutput
from record_processor.host.log_relay import LogRelay
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = b'{"time":1795415484.5,"level":"info","event":"shard.started","message":"reading","shard_id":"s 1"}\n'


def relayed(lines: list[bytes], log_format: str) -> list[str]:
    with tempfile.TemporaryFile() as file:
        LogRelay(lines, log_format, LogOutput(file.fileno())).drain()
        file.seek(0)
        return file.read().decode().split("\n")[:-1]


def test_an_event_becomes_one_readable_line() -> None:
    assert relayed([OURS], "text") == ['2026-11-23T06:31:24.500Z INFO    shard.started: reading shard_id="s 1"']


def test_an_event_becomes_one_json_object() -> None:
    (line,) = relayed([OURS], "json")
    assert json.loads(line) == {
        "time": "2026-11-23T06:31:24.500Z",
        "level": "info",
        "event": "shard.started",
        "message": "reading",
        "shard_id": "s 1",
    }


def event(**changed: Any) -> bytes:
    return json.dumps({"time": 1.5, "level": "info", "event": "e", "message": "m", **changed}).encode()


FOREIGN = [
    b"java.lang.OutOfMemoryError\n",
    b'{"own": "json"}\n',
    b"\xff\xfe\n",
    b"[1]\n",
    event(time="2026-01-01T00:00:00Z"),
    event(time=1e300),
    event(time=1795415484500),
    event(level=30),
    event(level="fatal"),
    event(event=None),
    event(message={"deep": [1]}),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    event(lone="\ud800"),
]


@pytest.mark.parametrize("words", FOREIGN, ids=range(len(FOREIGN)))
@pytest.mark.parametrize("log_format", ["json", "text"])
def test_any_other_line_is_passed_on_as_text_and_the_next_is_read(words: bytes, log_format: str) -> None:
    first, second = relayed([words, OURS], log_format)
    if log_format == "json":
        assert json.loads(first)["event"] == "output"
        assert json.loads(first)["message"] == words.decode(errors="replace").rstrip()
    else:
        assert "INFO    output: " in first
    assert "shard.started" in second


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
looks_like_ours = st.fixed_dictionaries(
    {"time": anything, "level": anything | st.just("info"), "event": anything, "message": anything},
    optional={"traceback": anything, "field": anything},
)
lines = st.binary() | looks_like_ours.map(lambda line: json.dumps(line).encode())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines, st.sampled_from(["json", "text"]))
def test_no_line_whatever_its_bytes_ends_the_relay(line: bytes, log_format: str) -> None:
    assert "shard.started" in relayed([line, OURS], log_format)[-1]


def test_a_message_begins_no_line_of_its_own_and_tells_the_terminal_nothing() -> None:
    forged = event(message="m\n2026-01-01T00:00:00Z INFO shard.ended: all done\x1b[2J", field="a\u2028b")
    (line,) = relayed([forged], "text")
    assert line.endswith(r"e: m\n2026-01-01T00:00:00Z INFO shard.ended: all done\u001b[2J field=a\u2028b")
    head, trace = relayed([event(traceback="ValueError: x\n2026-01-01 forged")], "text")[:2]
    assert (head.endswith("e: m"), trace) == (True, "  ValueError: x")


def many(count: int) -> Iterator[bytes]:
    return (event(message="x" * 10_000, number=number) for number in range(count))


def test_a_blocked_standard_error_stops_nobody_and_what_was_lost_is_counted() -> None:
    reader, writer = os.pipe()
    sent: list[bool] = []
    go_on = threading.Event()

    def source() -> Iterator[bytes]:
        yield from many(1_000)
        sent.append(True)
        go_on.wait(30)
        yield OURS

    output = LogOutput(writer, patience_seconds=0.05)
    relay = LogRelay(source(), "json", output)
    wait_for(lambda: sent, "all lines are taken from their source though nobody reads", 20)
    collected = bytearray()
    threading.Thread(target=lambda: _collect(reader, collected), daemon=True).start()
    output.drain(20)
    go_on.set()
    relay.drain()
    wait_for(lambda: b"shard.started" in collected, "the line after the block", 20)
    events = [json.loads(line) for line in bytes(collected).splitlines()]
    (loss,) = [entry for entry in events if entry["event"] == "log.lost"]
    assert loss["lines"] + sum(entry["event"] == "e" for entry in events) == 1_000
    os.close(writer)


def _collect(reader: int, collected: bytearray) -> None:
    while chunk := os.read(reader, 65536):
        collected += chunk
    os.close(reader)


def test_a_slow_reader_loses_nothing() -> None:
    reader, writer = os.pipe()
    collected = bytearray()

    def slowly() -> None:
        while chunk := os.read(reader, 65536):
            collected.extend(chunk)
            time.sleep(0.001)
        os.close(reader)

    threading.Thread(target=slowly, daemon=True).start()
    relay = LogRelay(many(1_000), "json", LogOutput(writer))
    relay.drain()
    os.close(writer)
    wait_for(lambda: collected.count(b"\n") == 1_000, "every line", 20)


@pytest.mark.parametrize("broken", ["no reader", "closed"])
def test_a_broken_standard_error_stops_nobody(broken: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    descriptor = 9_999 if broken == "closed" else writer
    read: list[int] = []
    LogRelay((read.append(1) or line for line in many(2_000)), "json", LogOutput(descriptor)).drain()  # type: ignore[func-returns-value]
    assert len(read) == 2_000
    os.close(writer)
