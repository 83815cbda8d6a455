"""`record-processor peek` on a real stream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness import REGION, run_command

if TYPE_CHECKING:
    import subprocess

    from tests.harness import Database

IDS = [f"{number:04}" for number in range(1, 31)]


@pytest.fixture(scope="module")
def table(database: Database) -> str:
    name = database.table()
    database.put_many(name, IDS)
    return name


def peek(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_command("peek", *arguments, "--endpoint-url", database.endpoint, "--region", REGION)


def records(answer: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert answer.returncode == 0, answer.stderr
    decoder, text, found = json.JSONDecoder(), answer.stdout, []
    while text.strip():
        record, end = decoder.raw_decode(text.lstrip())
        found.append(record)
        text = text.lstrip()[end:]
    return found


def ids(answer: subprocess.CompletedProcess[str]) -> list[str]:
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in records(answer)]


def test_every_record_is_printed_as_sorted_indented_json(database: Database, table: str) -> None:
    answer = peek(database, table)
    assert ids(answer) == IDS
    first = records(answer)[0]
    assert answer.stdout.startswith('{\n    "awsRegion": "us-west-2",\n    "dynamodb": {\n        "ApproximateCreation')
    assert list(first) == sorted(first)


def test_an_arn_does_as_well_as_a_table(database: Database, table: str) -> None:
    arn = database.client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    assert ids(peek(database, arn, "--limit", "2")) == IDS[:2]


def test_it_can_begin_at_and_after_a_sequence_number(database: Database, table: str) -> None:
    tenth = records(peek(database, table))[9]["dynamodb"]["SequenceNumber"]
    assert ids(peek(database, table, "--from", f"at:{tenth}")) == IDS[9:]
    assert ids(peek(database, table, "--from", f"after:{tenth}", "--limit", "3")) == IDS[10:13]


def test_latest_shows_nothing_old(database: Database, table: str) -> None:
    assert ids(peek(database, table, "--from", "latest")) == []


def test_a_shard_can_be_chosen_and_an_unknown_one_is_named(database: Database, table: str) -> None:
    answer = peek(database, table, "--shard", "shardId-1")
    assert answer.returncode == 2
    assert "has no shard 'shardId-1'; it has: shardId-" in answer.stderr
    known = answer.stderr.strip().rpartition(": ")[2]
    assert ids(peek(database, table, "--shard", known)) == IDS


def test_a_table_that_is_not_there_is_named(database: Database) -> None:
    answer = peek(database, "Nothing")
    assert (answer.returncode, "no table 'Nothing'" in answer.stderr) == (2, True)


def test_a_start_that_is_none_is_answered(database: Database, table: str) -> None:
    answer = peek(database, table, "--from", "yesterday")
    assert (answer.returncode, "expected trim-horizon, latest, at:" in answer.stderr) == (2, True)


def test_follow_goes_on_with_what_comes(database: Database) -> None:
    name = database.table()
    database.put(name, "first")
    import subprocess
    import threading

    from tests.harness import COMMAND

    command = [
        *COMMAND,
        "peek",
        name,
        "--follow",
        "--limit",
        "2",
        "--endpoint-url",
        database.endpoint,
        "--region",
        REGION,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "{\n"
        threading.Timer(0.2, database.put, (name, "second")).start()
        rest = "{\n" + process.stdout.read()
        assert process.wait(30) == 0
    assert '"S": "second"' in rest
