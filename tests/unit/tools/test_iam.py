"""`record-processor iam`, without asking AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness import run_command

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "123456789012"
PROPERTIES = "applicationName = orders-worker\nstreamName = Orders\nregionName = eu-west-1\n"
ACTIONS = "actions:\n- {name: orders, type: kinesis, stream: orders}\n"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/"
OLD_STREAM = f"{TABLE}Orders/stream/2026-01-01T00:00:00.000"


def run(folder: Path, *options: str, properties: str = "", actions: str = ACTIONS) -> tuple[str, str, int]:
    (folder / "worker.properties").write_text(PROPERTIES + properties)
    (folder / "actions.yaml").write_text(actions)
    answer = run_command("iam", "worker.properties", *options, cwd=folder)
    assert "Traceback" not in answer.stderr
    return answer.stdout, answer.stderr, answer.returncode


def policy(folder: Path, *options: str, **content: str) -> dict[str, set[str]]:
    """By resource: what is allowed."""
    text, _, status = run(folder, "--account", ACCOUNT, *options, **content)
    assert status == 0
    allowed: dict[str, set[str]] = {}
    for statement in json.loads(text)["Statement"]:
        for resource in statement["Resource"]:
            allowed.setdefault(resource, set()).update(statement["Action"])
    return allowed


def test_a_worker_gets_its_streams_its_tables_and_its_sinks_and_no_more(tmp_path: Path) -> None:
    items = {f"dynamodb:{call}" for call in ("DescribeTable", "CreateTable", "UpdateItem", "DeleteItem")}
    reading = {"DescribeStream", "GetShardIterator", "GetRecords", "ListStreams"}
    assert policy(tmp_path) == {
        f"{TABLE}Orders": {"dynamodb:DescribeTable"},
        f"{TABLE}Orders/stream/*": {f"dynamodb:{call}" for call in reading},
        f"{TABLE}orders-worker": {*items, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"},
        f"{TABLE}orders-worker/index/LeaseOwnerToLeaseKeyIndex": {"dynamodb:Query"},
        f"{TABLE}orders-worker-CoordinatorState": {*items, "dynamodb:GetItem", "dynamodb:PutItem"},
        f"{TABLE}orders-worker-WorkerMetricStats": {*items, "dynamodb:Scan"},
        f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/orders": {"kinesis:PutRecords"},
    }


def test_a_stream_that_is_given_by_its_arn_is_named_exactly_and_its_table_is_not_asked_for(tmp_path: Path) -> None:
    allowed = policy(tmp_path, "--set", f"streamName={OLD_STREAM}")
    assert allowed[OLD_STREAM] == {f"dynamodb:{call}" for call in ("DescribeStream", "GetShardIterator", "GetRecords")}
    assert [resource for resource in allowed if "Orders" in resource] == [OLD_STREAM]


def test_what_is_configured_for_the_tables_decides_what_is_allowed_on_them(tmp_path: Path) -> None:
    allowed = policy(tmp_path, properties="leaseTablePitrEnabled = true\ntableName = Leases\n")
    with_recovery = [resource for resource, calls in allowed.items() if "dynamodb:UpdateContinuousBackups" in calls]
    assert with_recovery == [f"{TABLE}Leases"]


def test_cloudwatch_is_in_it_only_with_metrics_and_for_their_namespace_alone(tmp_path: Path) -> None:
    assert "*" not in policy(tmp_path)
    text, _, _ = run(tmp_path, "--account", ACCOUNT, properties="metricsLevel = SUMMARY\n")
    (statement,) = [one for one in json.loads(text)["Statement"] if "cloudwatch:PutMetricData" in one["Action"]]
    assert statement["Resource"] == ["*"]
    assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "orders-worker"}}


LETTERS = """\
actions:
- {name: a, type: sns, topic_arn: 'arn:aws:sns:eu-west-1:123456789012:t', dead_letter: {type: s3, bucket: dead}}
"""


def test_a_replay_gets_the_letters_and_the_sinks_and_no_stream(tmp_path: Path) -> None:
    assert policy(tmp_path, "--for", "replay", actions=LETTERS) == {
        "arn:aws:sns:eu-west-1:123456789012:t": {"sns:Publish"},
        "arn:aws:s3:::dead": {"s3:ListBucket"},
        "arn:aws:s3:::dead/dead-letters/a/*": {"s3:GetObject", "s3:DeleteObject"},
        "arn:aws:s3:::dead/dead-letters/a.bad/*": {"s3:PutObject"},
    }


def test_a_console_may_change_nothing(tmp_path: Path) -> None:
    allowed = policy(tmp_path, "--for", "console", actions=LETTERS)
    assert all(
        call.partition(":")[2].startswith(("Describe", "Get", "List", "Scan")) for call in set.union(*allowed.values())
    )
    assert "arn:aws:sns:eu-west-1:123456789012:t" not in allowed
    assert f"{TABLE}orders-worker" in allowed


def changing(allowed: dict[str, set[str]]) -> set[tuple[str, str]]:
    harmless = ("Describe", "Get", "List", "Scan")
    return {
        (resource, call)
        for resource, calls in allowed.items()
        for call in calls
        if not call.partition(":")[2].startswith(harmless)
    }


def test_an_operator_may_order_and_write_leases_and_nothing_else_that_changes(tmp_path: Path) -> None:
    leases = f"{TABLE}orders-worker"
    assert changing(policy(tmp_path, "--for", "operator", actions=LETTERS)) == {
        (f"{leases}-CoordinatorState", "dynamodb:PutItem"),
        (leases, "dynamodb:PutItem"),
        (leases, "dynamodb:UpdateItem"),
    }


def test_to_delete_the_applications_tables_takes_a_policy_of_its_own(tmp_path: Path) -> None:
    allowed = policy(tmp_path, "--for", "reset", actions=LETTERS)
    assert changing(allowed) == {(table, "dynamodb:DeleteTable") for table in allowed}
    tables = {f"{TABLE}orders-worker{end}" for end in ("", "-CoordinatorState", "-WorkerMetricStats")}
    assert set(allowed) == tables


def test_roles_and_profiles_have_policies_of_their_own(tmp_path: Path) -> None:
    actions = (
        "actions:\n- {name: a, type: dynamodb, table: Copy, aws: {role_arn: 'arn:aws:iam::999999999999:role/copy'}}\n"
        "- {name: b, type: kinesis, stream: s, aws: {profile: partner, region: eu-west-2}}\n"
    )
    own = policy(tmp_path, actions=actions)
    assert own["arn:aws:iam::999999999999:role/copy"] == {"sts:AssumeRole"}
    assert not any("Copy" in resource or "kinesis" in resource for resource in own)
    copying = policy(tmp_path, "--principal", "arn:aws:iam::999999999999:role/copy", actions=actions)
    assert list(copying) == [f"{TABLE}Copy"]
    partner = policy(tmp_path, "--principal", "profile partner", actions=actions)
    assert list(partner) == [f"arn:aws:kinesis:eu-west-2:{ACCOUNT}:stream/s"]
    _, said, _ = run(tmp_path, "--account", ACCOUNT, actions=actions)
    assert "--principal prints that of" in said
    assert "profile partner" in said


def test_a_roles_account_is_that_of_its_name(tmp_path: Path) -> None:
    role = "arn:aws:iam::999999999999:role/reader"
    properties = f"AwsCredentialsProvider = StsAssumeRoleCredentialsProvider|{role}|me\n"
    text, _, status = run(tmp_path, "--principal", role, properties=properties)
    assert status == 0
    assert "arn:aws:dynamodb:eu-west-1:999999999999:table/Orders" in text


def test_names_that_come_from_the_environment_are_written_out_and_secrets_are_in_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAM", "from-outside")
    monkeypatch.setenv("SIGNING", "a-secret-that-signs")
    role = "arn:aws:iam::999999999999:role/reader"
    actions = (
        "actions:\n- {name: a, type: kinesis, stream: '${STREAM}'}\n"
        "- {name: b, type: webhook, url: 'https://partner.example/', secret: '${SIGNING}'}\n"
    )
    properties = f"AwsCredentialsProvider = StsAssumeRoleCredentialsProvider|{role}|me\n"
    allowed = policy(tmp_path, actions=actions, properties=properties)
    assert allowed == {
        f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/from-outside": {"kinesis:PutRecords"},
        role: {"sts:AssumeRole"},
    }
    printed, said, _ = run(tmp_path, "--account", ACCOUNT, actions=actions, properties=properties)
    assert said.startswith("this is the policy of worker; --principal prints that of ")
    assert "a-secret-that-signs" not in printed + said


def test_regions_of_china_have_their_partition(tmp_path: Path) -> None:
    allowed = policy(tmp_path, "--set", "regionName=cn-north-1")
    assert f"arn:aws-cn:dynamodb:cn-north-1:{ACCOUNT}:table/Orders" in allowed


def test_cloudformation_fills_in_its_own_account(tmp_path: Path) -> None:
    text, _, status = run(tmp_path, "--format", "cloudformation")
    template: dict[str, Any] = json.loads(text)
    ((name, resource),) = template["Resources"].items()
    assert (status, name, resource["Type"]) == (0, "OrdersWorkerWorkerPolicy", "AWS::IAM::ManagedPolicy")
    statements = resource["Properties"]["PolicyDocument"]["Statement"]
    resources = [one for statement in statements for one in statement["Resource"]]
    assert {"Fn::Sub": "arn:aws:dynamodb:eu-west-1:${AWS::AccountId}:table/Orders"} in resources
    assert template["Outputs"]["OrdersWorkerWorkerPolicyArn"]["Value"] == {"Ref": name}


def test_what_iam_writes_as_a_variable_is_none_of_cloudformations_or_terraforms(tmp_path: Path) -> None:
    actions = "actions:\n- {name: a, type: s3, bucket: shop, gzip: false, key: 'a*%{{b/{table}{first}{last}'}\n"
    text, _, _ = run(tmp_path, "--format", "terraform", actions=actions)
    assert '"arn:aws:s3:::shop/a$${*}%%{b/***"' in text
    assert "arn:aws:dynamodb:eu-west-1:${data.aws_caller_identity.current.account_id}:table/Orders" in text
    assert text.startswith(
        'data "aws_caller_identity" "current" {}\n\nresource "aws_iam_policy" "orders_worker_worker"'
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "no AWS credentials found"),
        (("--set", "AwsCredentialsProvider=LocalCredentialsProvider"), "belongs to no account of AWS: write --account"),
        (("--account", "12"), "--account: expected 12 digits, found '12'"),
        (("--principal", "profile x"), "--principal: unknown principal 'profile x'"),
        (("--for", "replay", "--set", "actionsFile=log.yaml"), "a replay makes no calls of AWS: it needs no policy"),
        (("--set", "actionsFile=none.yaml"), "none.yaml"),
        (("--set", "regionName=nowhere"), "regionName: expected a region of AWS"),
    ],
)
def test_what_is_wrong_is_said_once_and_ends_with_2(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "log.yaml").write_text("actions: [{name: a, type: log}]\n")
    printed, wrong, status = run(tmp_path, *options)
    assert (printed, status) == ("", 2)
    assert said in wrong
    assert len(wrong.splitlines()) <= 2


def test_what_code_of_users_calls_is_said_to_be_missing(tmp_path: Path) -> None:
    _, said, status = run(
        tmp_path, "--account", ACCOUNT, actions="actions: [{name: mine, type: command, command: ['true']}]\n"
    )
    assert status == 0
    assert said == "not in it: what code of yours calls in mine (command)\n"


def test_a_policy_that_is_too_large_for_one_is_reported(tmp_path: Path) -> None:
    many = "".join(
        f"- {{name: a{number}, type: kinesis, stream: a-stream-with-a-name-{number}}}\n" for number in range(99)
    )
    _, said, _ = run(tmp_path, "--account", ACCOUNT, actions=f"actions:\n{many}")
    assert "a managed policy has at most 6,144. Use several" in said
