"""`check --online` against servers: what is there, what is missing, and what refuses."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from tests.end_to_end.all_sinks import KEYS, AllSinks
from tests.harness import REGION, run_command
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness import Database
    from tests.servers.started import Servers

Findings = dict[str, dict[str, str]]


def properties(database: Database, *tables: str, **more: str) -> str:
    values = {
        "applicationName": f"app-{tables[0]}",
        "streamName": ",".join(tables),
        "regionName": REGION,
        "dynamoDBEndpoint": database.endpoint,
        "kinesisEndpoint": database.endpoint,
        "AwsCredentialsProvider": "LocalCredentialsProvider",
        **more,
    }
    return "".join(f"{name} = {value}\n" for name, value in values.items())


def check(
    folder: Path, content: str, actions: str = "actions: [{name: a, type: log}]\n", **environment: str
) -> tuple[int, Findings]:
    """The exit status, and what was found, by what it is about."""
    (folder / "worker.properties").write_text(content)
    (folder / "actions.yaml").write_text(actions)
    answer = run_command("check", "worker.properties", "--online", "--json", cwd=folder, **environment)
    assert answer.stderr == ""
    found = {one.pop("what"): one for one in json.loads(answer.stdout)}
    assert answer.returncode == (2 if "error" in {one["result"] for one in found.values()} else 0)
    return answer.returncode, found


def test_what_is_there_is_said_to_be_there_and_nothing_is_created(database: Database, tmp_path: Path) -> None:
    table = database.table()
    status, found = check(tmp_path, properties(database, table))
    assert status == 0
    assert found[f"table {table}"]["found"].endswith("NEW_AND_OLD_IMAGES, 1 open shard")
    assert found[f"table app-{table}"]["found"].startswith("not there yet: the worker creates it")
    expected = {"java", "run directory", "clock", "endpoints", "file descriptors", "memory"}
    assert expected <= found.keys()
    assert not [name for name in database.client.list_tables()["TableNames"] if name.startswith("app-" + table)]


def test_each_line_is_a_result_what_was_looked_at_what_was_found_and_what_to_do(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "worker.properties").write_text(properties(database, "Nowhere"))
    (tmp_path / "actions.yaml").write_text("actions: [{name: a, type: log}]\n")
    answer = run_command("check", "worker.properties", "--online", cwd=tmp_path)
    assert (answer.returncode, answer.stderr) == (2, "")
    assert "ok       worker.properties: 1 action\n" in answer.stdout
    expected = f"error    table Nowhere: there is no table 'Nowhere' in {REGION} at {database.endpoint} → Are its name,"
    assert expected in answer.stdout


def test_tables_of_an_application_that_has_run_are_found_with_the_form_of_their_leases(
    database: Database, tmp_path: Path
) -> None:
    from record_processor.config.worker_configuration import KclTables
    from record_processor.host import kcl_tables

    table = database.table()
    kcl_tables.prepare(database.client, KclTables.from_values({"applicationName": f"app-{table}"}))
    status, found = check(tmp_path, properties(database, table))
    assert status == 0
    assert found[f"table app-{table}"] == {"result": "ok", "found": "there, ACTIVE", "remedy": ""}
    assert found[f"leases in app-{table}"]["found"] == "streamMode single"


def test_a_table_of_the_users_in_place_of_the_lease_table_is_an_error(database: Database, tmp_path: Path) -> None:
    table = database.table()
    status, found = check(tmp_path, properties(database, table, tableName=table))
    assert status == 2
    assert "its key is not the one that KCL needs" in found[f"table {table}"]["found"]


def test_a_table_without_a_stream_is_an_error_with_the_command_that_enables_one(
    database: Database, tmp_path: Path
) -> None:
    table = database.table(view_type=None)
    status, found = check(tmp_path, properties(database, table))
    assert status == 2
    assert found[f"table {table}"]["found"] == f"table {table!r} has no stream"
    assert "aws dynamodb update-table" in found[f"table {table}"]["remedy"]


@pytest.mark.parametrize("view_type", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_a_filter_that_can_never_match_with_a_streams_view_type_is_an_error(
    view_type: str, database: Database, tmp_path: Path
) -> None:
    table = database.table(view_type)
    actions = "actions:\n- name: a\n  type: log\n  filter: {dynamodb: {OldImage: {Status: {S: [new]}}}}\n"
    status, found = check(tmp_path, properties(database, table), actions)
    wrong = found.get(f"view type of table {table}")
    if view_type in ("KEYS_ONLY", "NEW_IMAGE"):
        assert status == 2
        assert wrong is not None
        assert "actions[0].filter: it looks at" in wrong["found"]
        assert "actions.yaml:4" in wrong["remedy"]
    else:
        assert (status, wrong) == (0, None)


@pytest.fixture(scope="module")
def sinks(servers: Servers, database: Database) -> AllSinks:
    return AllSinks(servers, database)


def of_action(found: Findings, name: str) -> dict[str, str]:
    (one,) = [finding for what, finding in found.items() if name in what.partition(": ")[0].split(", ")]
    return one


def test_every_sink_that_is_there_answers_without_being_sent_anything(
    sinks: AllSinks, database: Database, tmp_path: Path
) -> None:
    status, found = check(tmp_path, properties(database, database.table()), sinks.actions(), **KEYS)
    assert {name: of_action(found, name)["result"] for name in sinks.settings} == dict.fromkeys(sinks.settings, "ok")
    assert of_action(found, "letters") is of_action(found, "s3")  # both ask for the same bucket, once
    assert status == 0
    assert sinks.client("dynamodb").scan(TableName=sinks.name)["Items"] == []
    url = sinks.settings["sqs"]["queue_url"]
    counted = sinks.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert counted["Attributes"] == {"ApproximateNumberOfMessages": "0"}


MISSING: dict[str, dict[str, Any]] = {
    "sqs": {"queue_url": "http://127.0.0.1/000000000000/nothing"},
    "sns": {"topic_arn": "arn:aws:sns:us-west-2:123456789012:nothing"},
    "kinesis": {"stream": "nothing"},
    "eventbridge": {"bus": "nothing"},
    "firehose": {"stream": "nothing"},
    "s3": {"bucket": "nothing"},
    "lambda": {"function": "nothing"},
    "dynamodb": {"table": "nothing"},
    "webhook": {"url": "https://127.0.0.1:9/"},
}


def test_every_sink_that_is_missing_is_an_error_of_its_own(sinks: AllSinks, database: Database, tmp_path: Path) -> None:
    status, found = check(tmp_path, properties(database, database.table()), sinks.actions(**MISSING), **KEYS)
    assert status == 2
    for name in sinks.settings:
        assert of_action(found, name)["result"] == "error", name
        assert of_action(found, name)["remedy"], name


def test_an_endpoint_that_nobody_listens_on_is_one_error_and_the_rest_is_still_looked_at(
    database: Database, tmp_path: Path
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    status, found = check(tmp_path, properties(database, "Orders", dynamoDBEndpoint=nobody))
    assert status == 2
    assert found["endpoints"]["found"] == f"dynamoDBEndpoint = {nobody}: cannot connect to {nobody}/"
    assert found["endpoints"]["remedy"].startswith("Is it running, and are dynamoDBEndpoint and the region right?")
    assert found["memory"]["result"] == "ok"


def test_without_credentials_that_is_said(tmp_path: Path) -> None:
    status, found = check(tmp_path, "applicationName = a\nstreamName = Orders\nregionName = us-west-2\n")
    assert status == 2
    assert found["credentials (DefaultCredentialsProvider)"]["found"] == "none found"
    assert "no AWS credentials found" in found["endpoints"]["found"]


def test_errors_of_the_configuration_are_in_the_list_too(tmp_path: Path) -> None:
    status, found = check(tmp_path, "applicationName = a\nstreamNam = Orders\n")
    assert status == 2
    (one,) = found.values()
    assert one["found"] == "unknown key 'streamNam'; did you mean 'streamName'?"


class Aws:
    """STS and IAM, and a DynamoDB that answers with another time."""

    def __init__(self) -> None:
        self.denied: set[str] = set()
        self.asked: list[dict[str, list[str]]] = []
        self.simulation_is_denied = False
        self.date = ""

    def answer(self, form: dict[str, list[str]]) -> tuple[int, str]:
        if form["Action"] == ["GetCallerIdentity"]:
            arn = "arn:aws:sts::123456789012:assumed-role/worker/i-1"
            return (
                200,
                f"<R><GetCallerIdentityResult><Arn>{arn}</Arn><Account>123456789012</Account></GetCallerIdentityResult></R>",
            )
        self.asked.append(form)
        if self.simulation_is_denied:
            return 403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
        results = "".join(
            f"<member><EvalActionName>{call}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
            f"<EvalDecision>{'implicitDeny' if call in self.denied else 'allowed'}</EvalDecision></member>"
            for call in _members(form, "ActionNames")
            for resource in _members(form, "ResourceArns")
        )
        inside = f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>"
        return 200, f"<R><SimulatePrincipalPolicyResult>{inside}</SimulatePrincipalPolicyResult></R>"


def _members(form: dict[str, list[str]], name: str) -> list[str]:
    return [value for key, (value,) in form.items() if key.startswith(f"{name}.member.")]


@contextmanager
def aws_answering(aws: Aws) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            target = self.headers.get("x-amz-target", "")
            if target:
                content = _dynamodb(target.rpartition(".")[2])
                status, body = (400 if "__type" in content else 200), json.dumps(content)
            else:
                status, body = aws.answer(parse_qs(text))
            self.send_response_only(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("date", aws.date or self.date_time_string())
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


ORDERS = "arn:aws:dynamodb:us-west-2:123456789012:table/Orders/stream/2026-01-01T00:00:00.000"


def _dynamodb(operation: str) -> dict[str, Any]:
    """The table Orders with an empty stream, and no others."""
    if operation == "DescribeTable":
        return {"__type": "ResourceNotFoundException", "message": "not there"}
    return {
        "TableNames": [],
        "Streams": [],
        "StreamDescription": {
            "StreamArn": ORDERS,
            "StreamViewType": "NEW_IMAGE",
            "StreamStatus": "ENABLED",
            "Shards": [],
        },
    }


REMOTE = f"applicationName = a\nstreamName = {ORDERS}\nregionName = us-west-2\nmetricsLevel = SUMMARY\n"


def against(aws: Aws, folder: Path) -> tuple[int, Findings]:
    with aws_answering(aws) as address:
        return check(folder, REMOTE, AWS_ENDPOINT_URL=address, **KEYS)


def test_iam_is_asked_for_every_call_of_the_policy_with_the_role_behind_the_session(tmp_path: Path) -> None:
    aws = Aws()
    status, found = against(aws, tmp_path)
    assert status == 0
    assert found["credentials (DefaultCredentialsProvider)"]["found"].endswith("in account 123456789012")
    assert found["permissions of worker"]["found"] == "arn:aws:iam::123456789012:role/worker may make every call"
    assert {form["PolicySourceArn"][0] for form in aws.asked} == {"arn:aws:iam::123456789012:role/worker"}
    (metrics,) = [form for form in aws.asked if "cloudwatch:PutMetricData" in _members(form, "ActionNames")]
    assert metrics["ContextEntries.member.1.ContextKeyValues.member.1"] == ["a"]


def test_tables_that_are_missing_and_may_not_be_created_are_an_error(tmp_path: Path) -> None:
    aws = Aws()
    aws.denied = {"dynamodb:CreateTable"}
    status, found = against(aws, tmp_path)
    assert status == 2
    arn = "arn:aws:dynamodb:us-west-2:123456789012:table/a"
    assert f"dynamodb:CreateTable on {arn}-CoordinatorState" in found["permissions of worker"]["found"]


def test_who_may_not_ask_iam_is_told_how_to_compare(tmp_path: Path) -> None:
    aws = Aws()
    aws.simulation_is_denied = True
    status, found = against(aws, tmp_path)
    assert (status, found["permissions of worker"]["result"]) == (0, "warning")
    assert "iam:SimulatePrincipalPolicy" in found["permissions of worker"]["remedy"]


@pytest.mark.parametrize(("date", "result"), [("Thu, 01 Jan 2026 00:00:00 GMT", "error"), ("", "ok")])
def test_a_clock_that_aws_would_not_accept_is_an_error(date: str, result: str, tmp_path: Path) -> None:
    aws = Aws()
    aws.date = date
    _, found = against(aws, tmp_path)
    assert found["clock"]["result"] == result
