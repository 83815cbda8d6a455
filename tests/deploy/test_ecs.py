"""The template for ECS: valid by CloudFormation's schemas, hardened, and in agreement with its worker."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from record_processor import __version__
from record_processor.config.property_schema import BY_ENVIRONMENT
from record_processor.config.worker_configuration import WorkerConfiguration
from tests.deploy.kit import ROOT, SHARDS_PER_GIBIBYTE, configuration, needed_megabytes, stop_seconds
from tests.deploy.template import FILE, FOLDER, PROPERTIES, container, health_program, resource, template
from tests.harness import run_command

LINT = Path(sys.executable).parent / "cfn-lint"
REGIONS = ("us-east-1", "eu-west-1")
# What a task of Fargate may be given to stop: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
MOST_STOP_SECONDS = 120
GUIDE = ROOT / "docs/how-to/deploy-on-ecs.md"


def linted(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), *options, "--regions", *REGIONS, "--", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def policy(folder: Path) -> Path:
    """The template that `record-processor iam` makes for the example."""
    answer = run_command("iam", str(PROPERTIES), "--format", "cloudformation")
    assert answer.returncode == 0, answer.stderr
    file = folder / "policy.json"
    file.write_text(answer.stdout)
    return file


def test_cloudformation_accepts_the_template() -> None:
    answer = linted(FILE, "--include-checks", "I")
    assert answer.returncode == 0, answer.stdout


def test_a_mistake_in_the_template_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "service.yaml"
    wrong.write_text(FILE.read_text().replace("StopTimeout:", "StopTimeoutSeconds:"))
    assert "StopTimeoutSeconds" in linted(wrong).stdout


def test_the_policy_of_the_example_is_a_template_whose_output_the_guide_names(tmp_path: Path) -> None:
    file = policy(tmp_path)
    answer = linted(file)
    assert answer.returncode == 0, answer.stdout
    (output,) = json.loads(file.read_text())["Outputs"]
    assert output in GUIDE.read_text()
    assert resource("TaskRole")["ManagedPolicyArns"] == [{"Ref": "PolicyArn"}]
    assert "Policies" not in resource("TaskRole")


def test_only_tasks_of_this_account_get_the_roles() -> None:
    for role in ("TaskRole", "ExecutionRole"):
        (statement,) = resource(role)["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_ecs_itself_may_get_one_image_and_write_one_log() -> None:
    (granted,) = resource("ExecutionRole")["Policies"]
    open_to_all = [each["Action"] for each in granted["PolicyDocument"]["Statement"] if each["Resource"] == "*"]
    assert open_to_all == ["ecr:GetAuthorizationToken"]
    assert "ManagedPolicyArns" not in resource("ExecutionRole")


def test_ecs_waits_for_a_worker_that_stops() -> None:
    assert stop_seconds(PROPERTIES) <= container()["StopTimeout"] <= MOST_STOP_SECONDS


def test_the_health_check_asks_the_port_that_the_worker_listens_on() -> None:
    monitoring = configuration(PROPERTIES).monitoring
    assert monitoring is not None
    assert f'"{monitoring.address}", {monitoring.port}' in health_program()
    assert re.findall(r'"(/\w+)"', health_program()) == ["/healthz", "/readyz"]


def test_the_container_may_do_little_that_it_does_not_need() -> None:
    assert container()["ReadonlyRootFilesystem"] is True
    assert container()["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    user = container()["User"].partition(":")[0]
    assert f"USER {user}\n" in (ROOT / "Dockerfile").read_text()
    assert "SecurityGroupIngress" not in resource("SecurityGroup")


def test_an_update_takes_no_task_away_before_a_new_one_is_healthy() -> None:
    shares = resource("Service")["DeploymentConfiguration"]
    fewest = template()["Parameters"]["Tasks"]["MinValue"]
    assert shares["MinimumHealthyPercent"] == 100
    # Of one task, one and a half would be one: nothing could be replaced.
    assert fewest * shares["MaximumPercent"] // 100 > fewest


def test_the_memory_is_enough_for_the_shards_that_it_is_said_to_be() -> None:
    memory = template()["Parameters"]["Memory"]["Default"]
    assert f"1 GiB by default, up to {SHARDS_PER_GIBIBYTE} shards" in GUIDE.read_text()
    assert needed_megabytes(SHARDS_PER_GIBIBYTE) <= memory == 1024


@pytest.mark.parametrize("metrics", template()["Parameters"]["Metrics"]["AllowedValues"])
def test_the_variables_of_the_task_are_properties_with_values_that_are_accepted(metrics: str) -> None:
    variables = {one["Name"]: one["Value"] for one in container()["Environment"]}
    assert set(variables) <= set(BY_ENVIRONMENT)
    values = {name: metrics if value == {"Ref": "Metrics"} else value for name, value in variables.items()}
    assert isinstance(configuration(PROPERTIES, values), WorkerConfiguration)


def test_the_alarm_is_about_events_that_the_worker_logs() -> None:
    named = re.findall(r'"([\w.]+)"', resource("Attention")["FilterPattern"])
    described = set(re.findall(r"(?m)^\| `([\w.]+)`", (ROOT / "docs/reference/log-events.md").read_text()))
    assert len(named) == len(set(named)) > 4
    assert set(named) <= described
    assert configuration(PROPERTIES).log.format.value == "json"


def test_the_image_is_this_version_with_the_files_that_are_there() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    assert f"ARG WORKER=record-processor:{__version__}\n" in text
    (copied,) = re.findall(r"(?m)^COPY (.*) \./$", text)
    assert {file.name for file in FOLDER.iterdir()} == {*copied.split(), "Dockerfile", FILE.name}


def test_the_template_names_files_that_exist() -> None:
    text = FILE.read_text() + (FOLDER / "Dockerfile").read_text()
    named = re.findall(r"\b(?:docs|deploy)/[\w./-]+\w", text)
    assert len(named) > 2
    assert [name for name in named if not (ROOT / name).exists()] == []
