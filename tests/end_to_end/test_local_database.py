"""The local database as a process: who gets an answer, what it sees of this machine, how it ends, and what it keeps."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from record_processor.errors import SetupError
from record_processor.local.ministack import LOOPBACK, started
from tests.end_to_end.test_new_streams import made_anew
from tests.harness import REGION, Database, descendants, is_running, wait_for
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

CREATE = (
    b'{"TableName": "Intruder", "BillingMode": "PAY_PER_REQUEST", '
    b'"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], '
    b'"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}'
)
TARGET = {"X-Amz-Target": "DynamoDB_20120810.CreateTable", "Content-Type": "application/x-amz-json-1.0"}


@pytest.fixture(scope="module")
def local() -> Iterator[Database]:
    port = free_port()
    with started(port):
        yield at(port)


def at(port: int) -> Database:
    return Database(f"http://{LOOPBACK}:{port}")


def answer(local: Database, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(local.endpoint.removeprefix("http://"), timeout=30)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    found = response.status, response.read()
    connection.close()
    return found


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_web_page_gets_no_answer_and_changes_nothing(local: Database, header: dict[str, str]) -> None:
    status, words = answer(local, "POST", "/", {**TARGET, **header}, CREATE)
    assert (status, b"web page" in words) == (403, True)
    assert "Intruder" not in local.client.list_tables()["TableNames"]
    asked = {"Access-Control-Request-Method": "POST", **header}
    assert answer(local, "OPTIONS", "/", asked)[0] == 403


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "//_ministack/reset", "/%5fministack/reset", "/_localstack/health"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_nobody_can_reset_it_or_change_its_settings(local: Database, method: str, path: str) -> None:
    table = local.table()
    status, words = answer(local, method, path, TARGET)
    assert (status, b"closed here" in words) == (403, True)
    assert table in local.client.list_tables()["TableNames"]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/2015-03-31/functions", ""),
        ("/bucket/key", ""),
        ("/health", ""),
        ("/", "AWSEvents.PutRule"),
        ("/", "DynamoDB_20000101.CreateTable"),
    ],
)
def test_it_has_dynamodb_and_its_streams_and_nothing_else(local: Database, path: str, target: str) -> None:
    status, words = answer(local, "POST", path, {"X-Amz-Target": target} if target else {}, b"{}")
    assert (status, b"DynamoDB Streams" in words) == (403, True)


def test_with_more_services_browsers_and_administrators_are_refused_all_the_same() -> None:
    port = free_port()
    with started(port, services=("sqs", "sts")):
        local, form = at(port), {"Content-Type": "application/x-www-form-urlencoded"}
        asked = b"Action=CreateQueue&QueueName=one"
        assert answer(local, "POST", "/", form, asked)[0] == 200
        assert answer(local, "POST", "/", {**form, "Origin": "null"}, asked)[0] == 403
        assert answer(local, "GET", "/?Action=CreateQueue&QueueName=two", {"Sec-Fetch-Site": "none"})[0] == 403
        assert answer(local, "POST", "/_ministack/reset", {})[0] == 403
        assert answer(local, "POST", "/", TARGET, CREATE)[0] == 400


def test_a_web_socket_is_closed_at_once(local: Database) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    assert answer(local, "GET", "/", {**upgrade, "Sec-WebSocket-Key": "x" * 22 + "=="})[0] == 403


def test_it_sees_no_variable_of_ours_and_keeps_its_files_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-it")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with started(free_port()) as process:
        variables = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        assert {variable.split(b"=")[0] for variable in variables if variable} <= {b"LD_LIBRARY_PATH", b"TMPDIR"}
        (private,) = tmp_path.iterdir()
        assert {path.stat().st_mode & 0o777 for path in [private, *private.iterdir()]} == {0o700}
    assert list(tmp_path.iterdir()) == []


def listening(pid: int) -> list[str]:
    """The addresses, in hexadecimal, on which a process takes connections."""
    sockets = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return [line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]


def test_no_setting_of_ours_reaches_it_and_it_has_one_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = socket.socket(socket.AF_UNIX)
    docker.bind(str(tmp_path / "docker.sock"))
    docker.listen()
    docker.setblocking(False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    for name in ("MINISTACK_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-west-1")
    monkeypatch.setenv("IOT_MTLS_ENABLED", "1")
    port = free_port()
    with started(port) as process:
        assert listening(process.pid) == [f"0100007F:{port:04X}"]
        unsigned = b'{"TableName": "Unsigned", ' + CREATE.partition(b", ")[2]
        status, words = answer(at(port), "POST", "/", TARGET, unsigned)
        assert (status, b"arn:aws:dynamodb:us-east-1:000000000000:table/Unsigned" in words) == (200, True)
    with docker, pytest.raises(BlockingIOError):
        docker.accept()


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_process_that_started_it_and_leaves_no_file(tmp_path: Path, death: signal.Signals) -> None:
    program = (
        "import sys, time; from record_processor.local.ministack import started\n"
        "with started(int(sys.argv[1])): time.sleep(600)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    port = free_port()
    parent = subprocess.Popen([sys.executable, "-c", program, str(port)], env=environment)
    wait_for(lambda: list(tmp_path.glob("record-processor-local-*/s3")), "it has its folder")
    (server,) = wait_for(lambda: descendants(parent.pid), "it runs")
    parent.send_signal(death)
    parent.wait()
    wait_for(lambda: not is_running(server), "it ends too", seconds=10)
    assert list(tmp_path.iterdir()) == []


def streams_of(local: Database) -> Any:
    session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
    return session.client("dynamodbstreams", endpoint_url=local.endpoint)


def read(local: Database, arn: str) -> list[dict[str, Any]]:
    """All records of a stream with one shard."""
    streams = streams_of(local)
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    return list(streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"])


def test_tables_and_streams_in_a_folder_are_there_after_a_restart_closed_streams_too(tmp_path: Path) -> None:
    port = free_port()
    with started(port, tmp_path):
        local = at(port)
        table, other = local.table(), local.table()
        arns = [local.client.describe_table(TableName=name)["Table"]["LatestStreamArn"] for name in (table, other)]
        local.put_many(table, ["a", "b"])
        local.put(other, "in a stream that is closed", picture={"B": b"\0\xff"})
        local.client.update_table(TableName=other, StreamSpecification={"StreamEnabled": False})
        before = [read(local, arn) for arn in arns]
    with started(port, tmp_path):
        local = at(port)
        assert [read(local, arn) for arn in arns] == before
        assert local.client.scan(TableName=other)["Items"][0]["picture"] == {"B": b"\0\xff"}
        local.put(table, "c")
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in read(local, arns[0])]
        assert len(numbers) == 3
        assert numbers == sorted(set(numbers))


def test_each_stream_has_a_shard_of_its_own_and_answers_for_no_other(local: Database) -> None:
    table, streams = local.table(), streams_of(local)
    local.put(table, "old")
    first, second = made_anew(local, table)
    local.put(table, "new")
    shards = [streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"] for arn in (first, second)]
    (old,), (new,) = [[shard["ShardId"] for shard in of] for of in shards]
    assert old != new
    assert streams.describe_stream(StreamArn=first, ExclusiveStartShardId=old)["StreamDescription"]["Shards"] == []
    for arn, shard_id in [(first, new), (second, old)]:
        with pytest.raises(streams.exceptions.ResourceNotFoundException):
            streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")
    items = [[record["dynamodb"]["Keys"]["id"]["S"] for record in read(local, arn)] for arn in (first, second)]
    assert items == [["old"], ["new"]]


def test_streams_that_are_closed_are_listed_page_by_page_and_by_table(local: Database) -> None:
    table, other = local.table(), local.table()
    arns = []
    for enabled in (False, True, False):
        arns.append(local.client.describe_table(TableName=table)["Table"]["LatestStreamArn"])
        stream: Any = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"} if enabled else {"StreamEnabled": False}
        local.client.update_table(TableName=table, StreamSpecification=stream)
    streams = streams_of(local)
    first = streams.list_streams(TableName=table, Limit=1)
    second = streams.list_streams(TableName=table, ExclusiveStartStreamArn=first["LastEvaluatedStreamArn"])
    assert [one["StreamArn"] for one in first["Streams"] + second["Streams"]] == sorted(set(arns))
    assert len(set(arns)) == 2
    assert {one["TableName"] for one in streams.list_streams()["Streams"]} >= {table, other}


def test_a_stop_of_the_server_itself_keeps_what_it_has(tmp_path: Path) -> None:
    port = free_port()
    with started(port, tmp_path) as process:
        table = at(port).table()
        process.terminate()
        assert process.wait(10) == 0
    with started(port, tmp_path):
        assert table in at(port).client.list_tables()["TableNames"]


def test_two_servers_do_not_share_a_folder(tmp_path: Path) -> None:
    with started(free_port(), tmp_path), pytest.raises(SetupError, match="another local database has its tables in"):
        started(free_port(), tmp_path).__enter__()


def test_a_file_that_cannot_be_read_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    kept = tmp_path / "database.json"
    kept.write_text('{"format": 7}')
    with pytest.raises(SetupError, match=rf"{kept} cannot be read .*format is 7.*move it away"):
        started(free_port(), tmp_path).__enter__()
    assert kept.read_text() == '{"format": 7}'


def test_a_folder_of_dynamodb_locals_is_refused_and_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "shared-local-instance.db").touch()
    with pytest.raises(SetupError, match=r"shared-local-instance\.db is a file of DynamoDB Local's"):
        started(free_port(), tmp_path).__enter__()


def test_what_could_not_be_written_at_the_end_is_an_error(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(SetupError, match=r"ended with status 1(.|\n)*database\.unfinished"), started(free_port(), data):
        (data / "database.unfinished").mkdir()
