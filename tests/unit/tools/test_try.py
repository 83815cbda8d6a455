"""`record-processor try`, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.builders import change_record
from tests.harness import run_command

if TYPE_CHECKING:
    from pathlib import Path

ACTIONS = """\
actions:
  - name: orders
    type: python
    handler: shop:handle
    retry: {max_attempts: 2}
    dead_letter: {type: file, path: dead/}
  - {name: audit, type: file, path: audit.jsonl, filter: {eventName: [INSERT]}, template: {id: "{keys.id}"}}
"""
HANDLER = """\
def handle(event, context):
    for record in event["Records"]:
        if record["dynamodb"]["Keys"]["id"]["S"] == "bad":
            raise ValueError("no such order")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "w.properties").write_text("applicationName = a\nstreamName = Orders\nregionName = eu-west-1\n")
    (tmp_path / "actions.yaml").write_text(ACTIONS)
    (tmp_path / "shop.py").write_text(HANDLER)
    records = [
        change_record(eventName=name, Keys={"id": {"S": key}}, SequenceNumber=str(number)).to_stream()
        for number, (name, key) in enumerate([("INSERT", "o-1"), ("REMOVE", "o-1"), ("INSERT", "bad")], start=100)
    ]
    (tmp_path / "records.json").write_text("\n".join(map(json.dumps, records)))
    return tmp_path


def attempt(folder: Path, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    if text is None:
        return run_command("try", "w.properties", *arguments, cwd=folder)
    command = [sys.executable, "-m", "record_processor", "try", "w.properties", *arguments]
    return subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, check=False)


def test_it_says_what_every_action_does_with_every_record(folder: Path) -> None:
    tried = attempt(folder, "records.json")
    lines = tried.stdout.splitlines()
    assert lines[:8] == [
        "INSERT Orders id=o-1",
        "  orders  sent",
        "  audit   sent",
        "REMOVE Orders id=o-1",
        "  orders  sent",
        "  audit   filtered out",
        "INSERT Orders id=bad",
        "  orders  failed after 2 calls, given up: ValueError: no such order",
    ]
    assert f'      File "{folder}/shop.py", line 4, in handle' in lines
    assert "call_loop" not in tried.stdout
    assert lines[-3:] == ["  audit   sent", "orders: 2 sent, 1 given up", "audit: 2 sent, 1 filtered out"]
    assert (tried.returncode, tried.stderr) == (1, "")
    assert (folder / "audit.jsonl").read_text() == '{"id":"o-1"}\n{"id":"bad"}\n'
    assert not (folder / "dead").exists()


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(folder: Path) -> None:
    tried = attempt(folder, "records.json", "--dry-run", "--action", "audit")
    assert tried.stdout.splitlines() == [
        "INSERT Orders id=o-1",
        '  audit  would send {"id":"o-1"}',
        "REMOVE Orders id=o-1",
        "  audit  filtered out",
        "INSERT Orders id=bad",
        '  audit  would send {"id":"bad"}',
        "audit: 2 would be sent, 1 filtered out",
    ]
    assert (tried.returncode, tried.stderr) == (0, "")
    assert not (folder / "audit.jsonl").exists()


def test_standard_input_is_read_and_records_of_two_shards_too(folder: Path) -> None:
    text = (folder / "records.json").read_text() * 2
    tried = attempt(folder, "--dry-run", "--action=audit", text=text)
    assert tried.stdout.splitlines()[-1] == "audit: 4 would be sent, 2 filtered out"
    assert tried.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "text", "message"),
    [
        ((), '{"id": {"S": "o-9"}}', "standard input:1: an item: say which are its keys: --key NAME"),
        (("--action", "ordrs"), "", "--action: unknown action 'ordrs'; did you mean 'orders'"),
    ],
)
def test_bad_input_is_one_message_and_status_2(
    arguments: tuple[str, ...], text: str, message: str, folder: Path
) -> None:
    tried = attempt(folder, *arguments, text=text)
    assert message in tried.stderr
    assert (tried.returncode, tried.stdout, tried.stderr.count("\n")) == (2, "", 1)
    assert "Traceback" not in tried.stderr
