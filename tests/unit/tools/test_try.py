"""`record-processor try`, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from record_processor.errors import SetupError
from record_processor.records.stream import Stream
from record_processor.tools.sample_records import SampleRecord
from record_processor.tools.try_actions import Try
from tests.builders import ARN, STREAM, change_record, protocol_record
from tests.harness import run_command

if TYPE_CHECKING:
    from pathlib import Path

OTHER = Stream(ARN.replace("Phones", "Orders"))
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


def test_a_dry_run_of_standard_input_shows_what_would_be_sent_and_sends_nothing(folder: Path) -> None:
    tried = attempt(folder, "--dry-run", "--action", "audit", text=(folder / "records.json").read_text())
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


def test_records_of_several_shards_are_delivered_shard_by_shard(capsys: pytest.CaptureFixture[str]) -> None:
    shown = {"name": "show", "type": "log"}
    records = [sample("o-1", 100), sample("o-2", 101), sample("o-3", 100), sample("o-4", 102, OTHER)]
    assert Try([shown], None, dry_run=True).run(records) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1:2] == [f"INSERT Phones id=o-{number}" for number in (1, 2, 3)] + ["INSERT Orders id=o-4"]
    assert lines[-1] == "show: 4 would be sent"


def sample(key: str, number: int, stream: Stream = STREAM) -> SampleRecord:
    return SampleRecord(stream, protocol_record(number, Keys={"id": {"S": key}}))


def test_an_action_that_is_not_there_is_refused() -> None:
    with pytest.raises(SetupError, match="--action: unknown action 'ordrs'; did you mean 'orders'"):
        Try([{"name": "orders", "type": "log"}], "ordrs", dry_run=True)


def test_bad_input_is_one_message_and_status_2(folder: Path) -> None:
    tried = attempt(folder, text='{"id": {"S": "o-9"}}')
    assert "standard input:1: an item: say which are its keys: --key NAME" in tried.stderr
    assert (tried.returncode, tried.stdout, tried.stderr.count("\n")) == (2, "", 1)
    assert "Traceback" not in tried.stderr
