"""A worker, a replay and whoever looks, each with nothing but the policy that `record-processor iam` prints for it.

Every call goes through a proxy that denies what the policy does not allow. So a call that the policy lacks fails, and
what the policy allows is proven to be needed: it was asked for.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from record_processor.config import convert
from record_processor.config.worker_configuration import KclTables
from record_processor.dead_letters.store import store_for
from record_processor.host import kcl_tables
from record_processor.plugin.settings import ActionSettings
from tests.busy_stream.test_busy_stream import client
from tests.end_to_end.all_sinks import KEYS, AllSinks
from tests.end_to_end.test_new_streams import made_anew
from tests.harness import REGION, Worker, run_command, wait_for
from tests.servers.iam.calls import ACCOUNT
from tests.servers.iam.guard import Guard
from tests.servers.iam.policy import Permission
from tests.unit.dead_letters.test_file import SHARD, letter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness import Database
    from tests.servers.started import Servers

# The first call to each service asks only if anything answers: a refusal is an answer.
HARMLESS = {"dynamodb:ListTables on *", "dynamodb:ListStreams on *"}
DEAD = "while read line; do echo dead no; done"


@pytest.fixture(scope="module")
def sinks(servers: Servers, database: Database) -> AllSinks:
    made = AllSinks(servers, database)
    (servers.folder / f"{made.name}.py").write_text("def handle(event, context):\n    return None\n")
    return made


@pytest.fixture(scope="module")
def guard(sinks: AllSinks, database: Database) -> Iterator[Guard]:
    upstreams = {"dynamodb": database.endpoint, "sqs": sinks.address("sqs"), "s3": sinks.address("s3")}
    upstreams |= {"lambda": sinks.address("lambda")}
    made = Guard({**dict.fromkeys(("sns", "kinesis", "firehose", "events", "sts"), sinks.address("sns")), **upstreams})
    yield made
    made.end()


def letters(sinks: AllSinks, guard: Guard, database: Database) -> dict[str, dict[str, Any]]:
    """Every place of dead letters at AWS, new ones."""
    table, aws = database.table(view_type=None), {"endpoint": guard.address, "region": REGION}
    name = f"{table}-dead"
    topic = sinks.client("sns").create_topic(Name=name)["TopicArn"]
    url = sinks.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return {
        "sqs": {"type": "sqs", "queue_url": url, "aws": aws},
        "sns": {"type": "sns", "topic_arn": topic, "aws": aws},
        "s3": {"type": "s3", "bucket": sinks.settings["s3"]["bucket"], "prefix": f"{name}/", "aws": aws},
        "dynamodb": {"type": "dynamodb", "table": table, "aws": aws},
    }


@pytest.fixture(scope="module")
def actions(sinks: AllSinks, guard: Guard, database: Database) -> list[dict[str, Any]]:
    """All sinks, and an action that gives every record up for each place of dead letters."""
    items: list[dict[str, Any]] = json.loads(sinks.actions())["actions"][:-1]
    for item in items:
        if "aws" in item:
            item["aws"]["endpoint"] = guard.address
    # Removing is a call of its own.
    items.append({**next(one for one in items if one["type"] == "dynamodb"), "name": "gone", "keep_deleted": "0s"})
    items[-1]["filter"] = {"eventName": ["REMOVE"]}
    next(one for one in items if one["name"] == "dynamodb")["filter"] = {"eventName": ["INSERT", "MODIFY"]}
    for kind, place in letters(sinks, guard, database).items():
        command = ["sh", "-c", DEAD]
        items.append({"name": f"dead-{kind}", "type": "command", "command": command, "dead_letter": place})
    return items


def properties(table: str, guard: Guard) -> dict[str, str]:
    return {
        "applicationName": f"app-{table}",
        "streamName": table,
        "regionName": REGION,
        "dynamoDBEndpoint": guard.address,
        "kinesisEndpoint": guard.address,
        "AwsCredentialsProvider": "LocalCredentialsProvider",
        "leaseTablePitrEnabled": "true",
        "coordinatorStatePointInTimeRecoveryEnabled": "true",
        "workerMetricsPointInTimeRecoveryEnabled": "true",
        "metricsLevel": "SUMMARY",
        "metricsBufferTimeMillis": "500",
        "streamCheckIntervalMillis": "300",
        "failoverTimeMillis": "3000",
        "checkpointIntervalMillis": "500",
    }


def printed(folder: Path, table: str, guard: Guard, actions: list[dict[str, Any]], *options: str) -> dict[str, Any]:
    text = "".join(f"{name} = {value}\n" for name, value in properties(table, guard).items())
    (folder / "iam.properties").write_text(text)
    (folder / "actions.yaml").write_text(json.dumps({"actions": actions}))
    answer = run_command("iam", "iam.properties", "--account", ACCOUNT, *options, cwd=folder, **KEYS)
    assert answer.returncode == 0, answer.stderr
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


class Ran:
    """What a worker did with its policy."""

    def __init__(self, guard: Guard) -> None:
        self.allowed = set(guard.policy.permissions)
        self.used = set(guard.used)
        self.denied = set(map(str, guard.denied)) - HARMLESS


@pytest.fixture(scope="module")
def ran(
    database: Database, guard: Guard, actions: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Ran:
    """From a first start, over a stream that is replaced, to a graceful stop."""
    folder, table = tmp_path_factory.mktemp("guarded"), database.table()
    guard.enforce(printed(folder, table, guard, actions))
    for number in range(20):
        database.put(table, f"item-{number}")
    database.delete(table, "item-0")
    environment = {**KEYS, "AWS_ENDPOINT_URL_CLOUDWATCH": guard.address, "AWS_REGION": REGION}
    written = json.dumps({"actions": actions})
    worker = Worker(folder, database, f"app-{table}", (table,), written, properties(table, guard), (), environment)
    try:
        _wait_for_sinks(guard, worker)
        made_anew(database, table)
        database.put(table, "after")
        worker.wait_for_event("stream.adopted")
        worker.wait_for_event("shard.started", 2)
        assert worker.stop() == 0
    finally:
        worker.end()
    return Ran(guard)


def _wait_for_sinks(guard: Guard, worker: Worker) -> None:
    def unused() -> set[Permission]:
        return {one for one in guard.policy.permissions if ":dynamodb:" not in one.resource} - guard.used

    try:
        wait_for(lambda: not unused() or worker.process.poll() is not None, "every sink is called", 60)
    finally:
        said = "".join(worker.raw[-30:])
        assert not unused(), f"not used: {unused()}\ndenied: {guard.denied}\n{said}"


def test_a_worker_asks_for_nothing_that_its_policy_does_not_allow(ran: Ran) -> None:
    assert ran.denied == set()


# KCL deletes the leases of shards that DynamoDB has trimmed, minutes after they ended: tests/unit/tools/test_iam_of_kcl
# shows where.
MUCH_LATER = "dynamodb:DeleteItem on arn:aws:dynamodb:us-west-2:000000000000:table/app-"


def test_a_worker_needs_everything_that_its_policy_allows(ran: Ran) -> None:
    unused = sorted(map(str, ran.allowed - ran.used))
    assert len(unused) == 1
    assert unused[0].startswith(MUCH_LATER)
    assert not unused[0].endswith(("-CoordinatorState", "-WorkerMetricStats"))


BEFORE_THE_JVM = [
    ("dynamodb:DescribeTable", ""),
    ("dynamodb:DescribeStream", "/stream/*"),
    *((f"dynamodb:{call}", "app") for call in ("DescribeTable", "CreateTable", "UpdateContinuousBackups", "Scan")),
    *((f"dynamodb:{call}", "app-CoordinatorState") for call in ("DescribeTable", "CreateTable", "GetItem", "PutItem")),
    *((f"dynamodb:{call}", "app-WorkerMetricStats") for call in ("DescribeTable", "CreateTable")),
]


@pytest.mark.parametrize(("action", "resource"), BEFORE_THE_JVM)
def test_without_what_it_needs_at_its_start_a_worker_says_which_call_was_refused_and_does_not_start(
    action: str, resource: str, database: Database, guard: Guard, tmp_path: Path
) -> None:
    table = database.table()
    log = [{"name": "show", "type": "log"}]
    guard.enforce(printed(tmp_path, table, guard, log))
    name = f"{table}{resource}" if resource in ("", "/stream/*") else resource.replace("app", f"app-{table}")
    guard.policy.remove(Permission(action, f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"))
    answer = run_command("run", "iam.properties", cwd=tmp_path, **KEYS)
    assert answer.returncode == 2
    assert "AccessDeniedException" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert action in {one.action for one in guard.denied}


def test_without_what_it_needs_for_its_sink_or_its_letters_each_action_is_blocked_and_the_others_go_on(
    database: Database, guard: Guard, actions: list[dict[str, Any]], tmp_path: Path
) -> None:
    table = database.table()
    guard.enforce(printed(tmp_path, table, guard, actions))
    for one in guard.policy.permissions:
        if not one.resource.startswith(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/app-") and table not in one.resource:
            guard.policy.remove(one)
    database.put(table, "a")
    database.delete(table, "a")
    content = json.dumps({"actions": actions})
    worker = Worker(tmp_path, database, f"app-{table}", (table,), content, properties(table, guard), (), KEYS)
    called = {one["name"] for one in actions} - {"webhook"}
    try:
        wait_for(lambda: called <= {one["action"] for one in worker.of("delivery.blocked")}, "all are blocked", 30)
        reasons = {one["action"]: json.dumps(one) for one in worker.of("delivery.blocked")}
        assert {name for name in called if not re.search("AccessDenied|AuthorizationError", reasons[name])} == set()
        assert "webhook" not in reasons
    finally:
        worker.end()


def dead(action: str, places: dict[str, dict[str, Any]], sinks: AllSinks) -> None:
    """Store a letter of an action, and something that is none, without the proxy."""
    place = {**places[action], "aws": {"endpoint": sinks.address(action), "region": REGION}}
    settings, problems = convert.convert({"name": action, "type": "log", "dead_letter": place}, ActionSettings)
    assert settings is not None, problems
    assert settings.dead_letter is not None
    store_for(settings.dead_letter, action, SHARD).store([msgspec.structs.replace(letter(1), action=action)])
    client = sinks.client(action)
    if action == "s3":
        client.put_object(Bucket=place["bucket"], Key=f"{place['prefix']}s3/other.json", Body=b"nothing of ours")
    elif action == "sqs":
        client.send_message(QueueUrl=place["queue_url"], MessageBody="nothing of ours")
    else:
        client.put_item(TableName=place["table"], Item={"id": {"S": "nothing of ours"}})


READABLE = ("sqs", "s3", "dynamodb")


@pytest.fixture
def dead_actions(
    sinks: AllSinks, guard: Guard, database: Database, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """An action per place that can be read, each with a letter there."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    places = letters(sinks, guard, database)
    for action in READABLE:
        dead(action, places, sinks)
    return [{"name": action, "type": "log", "dead_letter": places[action]} for action in READABLE]


def test_a_replay_needs_what_its_policy_allows_and_nothing_else(
    database: Database, guard: Guard, dead_actions: list[dict[str, Any]], tmp_path: Path
) -> None:
    guard.enforce(printed(tmp_path, database.table(), guard, dead_actions, "--for", "replay"))
    answer = run_command("replay", "iam.properties", cwd=tmp_path, **KEYS)
    assert answer.stdout.endswith("3 succeeded and were removed, 0 failed and remain\n"), answer.stderr
    assert guard.denied == []
    assert set(guard.policy.permissions) == guard.used


def test_whoever_only_looks_may_read_letters_and_streams_and_remove_nothing(
    database: Database, guard: Guard, dead_actions: list[dict[str, Any]], tmp_path: Path
) -> None:
    table = database.table()
    database.put(table, "a")
    guard.enforce(printed(tmp_path, table, guard, dead_actions, "--for", "console"))
    looked = run_command("peek", table, "--endpoint-url", guard.address, "--region", REGION, cwd=tmp_path, **KEYS)
    assert looked.returncode == 0, looked.stderr
    counted = run_command("replay", "iam.properties", "--dry-run", cwd=tmp_path, **KEYS)
    assert counted.stdout.endswith("3 would be replayed, 0 failed and remain\n"), counted.stderr
    assert {str(one) for one in guard.denied} <= HARMLESS
    refused = run_command("replay", "iam.properties", cwd=tmp_path, **KEYS)
    assert (refused.returncode, "succeeded and were removed" in refused.stdout) == (2, True)
    assert "0 succeeded" in refused.stdout


def begun_by_hand(database: Database, table: str) -> str:
    """Make an application's tables, without the proxy, with a lease of the table's shard; return the lease table."""
    kcl_tables.prepare(database.client, KclTables.from_values({"applicationName": f"app-{table}"}))
    arn = database.client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    described = client(database.endpoint).describe_stream(StreamArn=arn)["StreamDescription"]
    lease = {"leaseKey": {"S": described["Shards"][0]["ShardId"]}, "leaseCounter": {"N": "1"}}
    database.client.put_item(TableName=f"app-{table}", Item={**lease, "checkpoint": {"S": "TRIM_HORIZON"}})
    return f"app-{table}"


def test_whoever_seeks_may_write_leases_and_whoever_resets_may_remove_the_tables_and_nothing_else(
    database: Database, guard: Guard, tmp_path: Path
) -> None:
    table, log = database.table(), [{"name": "show", "type": "log"}]
    operator = printed(tmp_path, table, guard, log, "--for", "operator")
    leases = begun_by_hand(database, table)
    guard.enforce(operator)
    assert run_command("seek", "iam.properties", "--to", "latest", "--yes", cwd=tmp_path, **KEYS).returncode == 0
    assert {str(one) for one in guard.denied} <= HARMLESS
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{leases}"
    writing = {Permission("dynamodb:UpdateItem", arn), Permission("dynamodb:PutItem", f"{arn}-CoordinatorState")}
    assert writing <= guard.used

    guard.enforce(printed(tmp_path, table, guard, log, "--for", "reset"))
    soon = ("--set", "workerMetricsReporterFreqInMillis=1000")
    answer = run_command("reset", "iam.properties", "--yes", *soon, cwd=tmp_path, **KEYS)
    assert answer.returncode == 0, answer.stderr
    assert guard.denied == []
    assert set(guard.policy.permissions) == guard.used


def test_the_policy_of_a_worker_is_enough_for_a_check_without_an_error(
    database: Database, guard: Guard, actions: list[dict[str, Any]], tmp_path: Path
) -> None:
    guard.enforce(printed(tmp_path, database.table(), guard, actions))
    answer = run_command("check", "iam.properties", "--online", "--json", cwd=tmp_path, **KEYS)
    found = json.loads(answer.stdout)
    assert [one for one in found if one["result"] == "error"] == []
    assert answer.returncode == 0
    (queue,) = [one for one in found if one["what"].startswith("sqs: queue")]
    assert queue["found"] == "it answers, but sqs:GetQueueAttributes is denied"
    assert queue["remedy"] == "Allow sqs:GetQueueAttributes, only to have it checked here"
