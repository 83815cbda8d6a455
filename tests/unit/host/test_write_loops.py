"""An action that writes to a table whose changes it receives is rejected unless the user says what ends the loop."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from record_processor.catalog.actions_file import read_file
from record_processor.config.properties import read_properties
from record_processor.errors import InvalidConfigError
from record_processor.filters.record_filter import RecordFilter
from record_processor.host import run, write_loops
from record_processor.host.check import check
from record_processor.host.prepare import Prepared
from record_processor.logs import log_events
from tests.builders import change_record

if TYPE_CHECKING:
    from pathlib import Path

HERE, THERE = "123456789012", "210987654321"
STREAM = f"arn:aws:dynamodb:eu-west-1:{HERE}:table/Orders/stream/2026-11-23T06:31:23.882"
COPY = "type: dynamodb, table: Orders"
FILTER = "filter: {eventName: [INSERT]}"
LETTERS = "dead_letter: {type: dynamodb, table: Orders}"
LOCAL = "http://localhost:8000"


def arn(region: str = "eu-west-1", account: str = HERE, table: str = "Orders") -> str:
    return f"arn:aws:dynamodb:{region}:{account}:table/{table}"


def at(endpoint: str) -> str:
    return f"{COPY}, aws: {{endpoint: '{endpoint}'}}"


def role(account: str) -> str:
    return f"{COPY}, aws: {{role_arn: 'arn:aws:iam::{account}:role/writer'}}"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)


def written(folder: Path, action: str, stream: str = "Orders", **more: str) -> Path:
    values = {"applicationName": "app", "streamName": stream, "regionName": "eu-west-1", **more}
    (folder / "actions.yaml").write_text(f"actions:\n- {{name: a, {action}}}\n")
    path = folder / "worker.properties"
    path.write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
    return path


def refused(folder: Path, action: str, stream: str = "Orders", **more: str) -> str:
    configuration = read_properties(written(folder, action, stream, **more), [], {})
    try:
        write_loops.refuse(configuration.aws, configuration.stream_names, read_file(folder / "actions.yaml").tables)
    except InvalidConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("action", "streams"),
    [
        (COPY, "Orders"),
        (COPY, "Customers,Orders"),
        (f"{COPY}, {FILTER}", "Orders"),
        (f"type: dynamodb, table: '{arn()}'", STREAM),
        (f"type: dynamodb, table: '{arn()}'", "Orders"),
        (f"{COPY}, aws: {{profile: nobody}}", "Orders"),
        (role(HERE), STREAM),
        (at("https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com"), "Orders"),
        (at("https://dynamodb-fips.eu-west-1.amazonaws.com"), STREAM),
        (f"type: log, {LETTERS}", "Orders"),
    ],
)
def test_a_table_that_is_read_is_not_written_to(tmp_path: Path, action: str, streams: str) -> None:
    assert "is read here" in refused(tmp_path, action, streams)


@pytest.mark.parametrize(
    ("action", "streams"),
    [
        ("type: dynamodb, table: Others", "Orders"),
        ("type: dynamodb, table: orders", "Orders"),
        (f"{COPY}, allow_loop: true, {FILTER}", "Orders"),
        (f"type: log, {FILTER}, {LETTERS}", "Orders"),
        (f"{COPY}, aws: {{region: us-east-1}}", "Orders"),
        (f"type: dynamodb, table: '{arn(region='us-east-1')}'", STREAM),
        (f"type: dynamodb, table: '{arn(account=THERE)}'", STREAM),
        (role(THERE), STREAM),
        (role(THERE), "Orders"),
        (f"type: dynamodb, table: '{arn(account=THERE)}', aws: {{profile: there}}", "Orders"),
        (at(LOCAL), "Orders"),
    ],
)
def test_a_table_that_is_another_one_is_written_to(tmp_path: Path, action: str, streams: str) -> None:
    assert refused(tmp_path, action, streams) == ""


@pytest.mark.parametrize(
    ("action", "same"),
    [
        (at(LOCAL), True),
        (at("http://127.0.0.1:8000"), True),
        (at("http://dynamodb:8000"), True),
        (at("http://localhost:8001"), False),
        (at("http://localhost:no-port"), False),
        (f"{COPY}, aws: {{endpoint: '{LOCAL}', region: us-east-1}}", True),
        (COPY, False),
    ],
)
def test_servers_are_told_apart_where_they_surely_are_two(tmp_path: Path, action: str, same: bool) -> None:
    assert bool(refused(tmp_path, action, dynamoDBEndpoint=LOCAL)) == same


def test_what_the_sdk_is_configured_to_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert not refused(tmp_path, COPY)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", LOCAL)
    assert refused(tmp_path, COPY, dynamoDBEndpoint=LOCAL)


def test_check_names_the_line_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as error:
        check(written(tmp_path, COPY), [])
    (mistake,) = error.value.mistakes
    assert mistake.place == f"{tmp_path / 'actions.yaml'}:2"
    assert mistake.message.startswith("actions[0].table: 'Orders' is read here (streamName: Orders): ")
    assert "set allow_loop: true and a filter" in mistake.message
    assert mistake.message.endswith("If it is another account's or region's, write its ARN")


def test_the_start_knows_the_accounts_of_tables_given_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, f"type: dynamodb, table: '{arn()}', aws: {{profile: writer}}")
    checked = check(path, [])
    monkeypatch.setattr(run, "check", lambda *_: checked)
    monkeypatch.setattr(run, "find_java", lambda: "java")
    monkeypatch.setattr(run, "prepare", lambda _: Prepared({"Orders": STREAM}, None, None))  # type: ignore[arg-type]
    monkeypatch.setattr(log_events, "start", lambda *_: None)
    with pytest.raises(InvalidConfigError, match=r"actions\[0\].table: 'arn:aws:dynamodb:.* is read here"):
        run.run(path, [])


def test_allowing_a_loop_needs_a_filter(tmp_path: Path) -> None:
    (tmp_path / "actions.yaml").write_text("actions: [{name: a, type: dynamodb, table: Orders, allow_loop: true}]")
    with pytest.raises(InvalidConfigError, match=r"actions\[0\].allow_loop: expected a filter beside it"):
        read_file(tmp_path / "actions.yaml")


def test_the_filter_that_is_proposed_ends_the_loop(tmp_path: Path) -> None:
    proposed: Any = yaml.safe_load(refused(tmp_path, COPY).partition("such as filter: ")[2].partition(". If")[0])
    accepts = RecordFilter(proposed).accepts
    item = {"id": {"S": "1"}}
    assert accepts(change_record(NewImage=item))
    assert not accepts(change_record(NewImage={**item, "_sequence": {"S": "1"}}))
    assert not accepts(change_record(eventName="REMOVE", NewImage={}))
