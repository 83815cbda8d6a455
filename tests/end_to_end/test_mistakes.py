"""Mistakes and missing things, answered by the real command: short, by name, status 2, nothing started."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness import REGION, Database, run_command

if TYPE_CHECKING:
    import subprocess

GOOD_ACTIONS = "actions: [{name: show, type: log}]\n"
NOBODY_LISTENS = "http://127.0.0.1:9"


def written(folder: Path, actions: str = GOOD_ACTIONS, **properties: str) -> str:
    # Of its own: workers of other tests may have made tables.
    values = {
        "applicationName": f"app-mistakes-{folder.name}",
        "streamName": "Orders",
        "regionName": REGION,
        **properties,
    }
    (folder / "actions.yaml").write_text(actions)
    (folder / "worker.properties").write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
    return "worker.properties"


def assert_refused(answer: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert answer.returncode == 2, answer.stderr
    assert answer.stderr.startswith("record-processor: ")
    assert "Traceback" not in answer.stderr
    assert len(answer.stderr.splitlines()) <= 2, answer.stderr
    for part in parts:
        assert part in answer.stderr


def test_check_says_yes_to_a_right_configuration_and_starts_nothing(tmp_path: Path) -> None:
    answer = run_command("check", written(tmp_path), cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (0, "worker.properties: OK: 1 action\n")


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize(
    ("properties", "actions", "parts"),
    [
        ({"maxRecord": "1"}, GOOD_ACTIONS, ["worker.properties:4", "unknown key 'maxRecord'", "'maxRecords'"]),
        ({"maxRecords": "many"}, GOOD_ACTIONS, ["worker.properties:4", "whole number", "'many'"]),
        ({"streamName": "a b"}, GOOD_ACTIONS, ["streamName", "'a b'"]),
        ({"streamName": "Orders,Orders"}, GOOD_ACTIONS, ["'Orders' is listed twice"]),
        ({"actionsFile": "absent.yaml"}, GOOD_ACTIONS, ["absent.yaml", "No such file"]),
        ({"executableName": "no-such-program --x"}, GOOD_ACTIONS, ["executableName", "'no-such-program'"]),
        ({"AwsCredentialsProvider": "LocalCredentials"}, GOOD_ACTIONS, ["did you mean 'LocalCredentialsProvider'"]),
        ({}, "actions: [{name: a, type: log}, {name: a, type: log}]", ["actions[1].name", "'a' is taken"]),
        ({}, "actions: [{name: a, type: python, handler: 'gone:h'}]", ["actions[0].handler", "'gone'"]),
    ],
)
def test_a_mistake_is_answered_before_anything_starts(
    tmp_path: Path, verb: str, properties: dict[str, str], actions: str, parts: list[str]
) -> None:
    assert_refused(run_command(verb, written(tmp_path, actions, **properties), cwd=tmp_path), *parts)


def test_a_properties_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert_refused(run_command("run", "absent.properties", cwd=tmp_path), "absent.properties: cannot be read")


def test_a_properties_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.properties").mkdir()
    assert_refused(run_command("run", "folder.properties", cwd=tmp_path), "folder.properties: cannot be read")


def test_a_module_that_ends_the_process_when_it_is_imported_is_answered(tmp_path: Path) -> None:
    (tmp_path / "leaver.py").write_text("import os\nos._exit(0)\n")
    file = written(tmp_path, "actions: [{name: a, type: python, handler: 'leaver:h'}]")
    assert_refused(run_command("check", file, cwd=tmp_path), "actions.yaml", "status 0 without a result")


def at(database: Database, folder: Path, **properties: str) -> str:
    local = {"dynamoDBEndpoint": database.endpoint, "kinesisEndpoint": database.endpoint}
    return written(folder, **{**local, "AwsCredentialsProvider": "LocalCredentialsProvider", **properties})


def test_a_table_that_is_not_there_is_named(database: Database, tmp_path: Path) -> None:
    answer = run_command("run", at(database, tmp_path, streamName="Nothing"), cwd=tmp_path)
    assert_refused(answer, "no table 'Nothing'", REGION, database.endpoint)


def test_a_table_without_a_stream_is_answered_with_how_to_enable_one(database: Database, tmp_path: Path) -> None:
    table = database.table(view_type=None)
    answer = run_command("run", at(database, tmp_path, streamName=table), cwd=tmp_path)
    assert_refused(answer, f"table '{table}' has no stream", "aws dynamodb update-table", "StreamEnabled=true")


def test_a_stream_that_is_not_there_is_named_before_a_jvm_starts(database: Database, tmp_path: Path) -> None:
    table = database.table()
    now = database.client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    gone = now.rpartition("/")[0] + "/2020-01-01T00:00:00.000"
    answer = run_command("run", at(database, tmp_path, streamName=gone), cwd=tmp_path)
    assert_refused(answer, f"there is no stream {gone} at {database.endpoint}", f"Write the table's name, {table}")


def test_an_application_name_that_is_a_table_of_the_users_is_refused(database: Database, tmp_path: Path) -> None:
    table = database.table()
    answer = run_command("run", at(database, tmp_path, streamName=table, applicationName=table), cwd=tmp_path)
    assert_refused(answer, f"table '{table}' is there, and its key is not the one that KCL needs")


def test_an_application_name_that_no_table_can_have_is_answered_before_the_jvm_starts(
    database: Database, tmp_path: Path
) -> None:
    answer = run_command("run", at(database, tmp_path, streamName=database.table(), applicationName="ab"), cwd=tmp_path)
    assert_refused(answer, "table ab: ", "length greater than or equal to 3")


def test_leases_of_one_stream_are_not_silently_orphaned_by_a_second_one(database: Database, tmp_path: Path) -> None:
    first, second = database.table(), database.table()
    lease_table = f"app-{first}"
    file = at(database, tmp_path, streamName=f"{first},{second}", applicationName=lease_table)
    run_command("run", file, "--set", "jvmOptions=-XX:NoSuchFlag", cwd=tmp_path)  # makes the tables, then fails
    database.client.put_item(TableName=lease_table, Item={"leaseKey": {"S": "shardId-1"}})
    assert_refused(run_command("run", file, cwd=tmp_path), "2 streams need streamMode multi", lease_table)


def test_missing_credentials_are_named(database: Database, tmp_path: Path) -> None:
    file = at(database, tmp_path, AwsCredentialsProvider="DefaultCredentialsProvider")
    assert_refused(run_command("run", file, cwd=tmp_path), "no AWS credentials found", "AWS_ACCESS_KEY_ID")


def test_an_endpoint_that_does_not_answer_is_named(database: Database, tmp_path: Path) -> None:
    file = at(database, tmp_path, dynamoDBEndpoint=NOBODY_LISTENS)
    assert_refused(run_command("run", file, cwd=tmp_path), f"cannot connect to {NOBODY_LISTENS}")


def test_no_java_is_answered_with_what_to_install(database: Database, tmp_path: Path) -> None:
    file = at(database, tmp_path, streamName=database.table())
    answer = run_command("run", file, cwd=tmp_path, PATH=str(tmp_path), JAVA_HOME="", PYTHONPATH=str(Path.cwd()))
    assert_refused(answer, "Java 17 or newer is needed", "pip install 'record-processor[jre]'")


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert_refused(run_command("local", "--port", port), f"port {port}", "choose another with --port")
