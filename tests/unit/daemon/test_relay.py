from __future__ import annotations

import json
from typing import Any

import pytest

from record_processor.daemon.relay import Relay

OURS = b'{"time":1795415484.5,"level":"info","event":"shard.started","message":"reading","shard_id":"s 1"}\n'


def relayed(lines: list[bytes], log_format: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    Relay(lines, log_format).drain()
    return capsys.readouterr().err.splitlines()


def test_an_event_becomes_one_readable_line(capsys: Any) -> None:
    assert relayed([OURS], "text", capsys) == ['2026-11-23T06:31:24.500Z INFO    shard.started: reading shard_id="s 1"']


def test_an_event_becomes_one_json_object(capsys: Any) -> None:
    (line,) = relayed([OURS], "json", capsys)
    assert json.loads(line) == {
        "time": "2026-11-23T06:31:24.500Z",
        "level": "info",
        "event": "shard.started",
        "message": "reading",
        "shard_id": "s 1",
    }


@pytest.mark.parametrize("words", [b"java.lang.OutOfMemoryError\n", b'{"own": "json"}\n', b"\xff\xfe\n", b"[1]\n"])
def test_any_other_line_is_still_one_json_object(words: bytes, capsys: Any) -> None:
    (line,) = relayed([words], "json", capsys)
    assert json.loads(line)["event"] == "output"
