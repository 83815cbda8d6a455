"""What `check` says of `tracing = otel`, before any shard process finds out."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

LOG = "actions: [{name: show, type: log}]\n"
# As where the extra is not installed.
WITHOUT_OPENTELEMETRY = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""


def check(folder: Path, *options: str, actions: str = LOG, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "worker.properties").write_text("applicationName = a\nstreamName = Orders\nregionName = eu-west-1\n")
    (folder / "actions.yaml").write_text(actions)
    command = [sys.executable, "-m", "record_processor", "check", "worker.properties", "--set", "tracing=otel"]
    for option in options:
        command += ["--set", option]
    given = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


def test_it_works_with_what_opentelemetry_assumes_itself(tmp_path: Path) -> None:
    answer = check(tmp_path)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "worker.properties: OK: 1 action\n", "")


def test_without_the_extra_it_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(WITHOUT_OPENTELEMETRY)
    answer = check(tmp_path, PYTHONPATH=str(tmp_path / "site"))
    expected = (
        "record-processor: worker.properties: tracing: otel needs OpenTelemetry: pip install 'record-processor[otel]'"
    )
    assert (answer.returncode, answer.stderr.strip()) == (2, expected)


def test_a_program_of_ones_own_in_place_of_the_actions_is_not_traced(tmp_path: Path) -> None:
    answer = check(tmp_path, "executableName=true")
    assert answer.returncode == 2
    assert "worker.properties: tracing: has no effect with executableName" in answer.stderr


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"OTEL_TRACES_EXPORTER": "console"}, "OTEL_TRACES_EXPORTER: found 'console', expected otlp or none"),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL: found 'grpc', expected http/protobuf",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "user:s3cr3t@collector:4318"},
            "OTEL_EXPORTER_OTLP_ENDPOINT: expected an address that begins with http:// or https://",
        ),
        ({"OTEL_TRACES_SAMPLER": "ratio"}, "OTEL_TRACES_SAMPLER: found 'ratio', expected always_on or always_off or"),
        (
            {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "10%"},
            "OTEL_TRACES_SAMPLER_ARG: found '10%', expected a number from 0 to 1",
        ),
        ({"OTEL_BSP_SCHEDULE_DELAY": "5s"}, "OTEL_BSP_SCHEDULE_DELAY: found '5s', expected a whole number above 0"),
        (
            {"OTEL_BSP_MAX_QUEUE_SIZE": "100"},
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE: found '512', expected no more than OTEL_BSP_MAX_QUEUE_SIZE",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_variable_that_opentelemetry_would_ignore_is_an_error(
    tmp_path: Path, environment: dict[str, str], message: str
) -> None:
    answer = check(tmp_path, **environment)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"record-processor: {message}")
    assert len(answer.stderr.splitlines()) == 1
    assert "s3cr3t" not in answer.stderr
    assert check(tmp_path, "tracing=off", **environment).returncode == 0


def test_a_message_that_has_no_room_for_its_trace_is_warned_of(tmp_path: Path) -> None:
    attributes = ", ".join(f"a{number}: x" for number in range(10))
    queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
    actions = f"actions: [{{name: orders, type: sqs, queue_url: '{queue}', attributes: {{{attributes}}}}}]\n"
    answer = check(tmp_path, actions=actions)
    assert answer.returncode == 0
    assert "orders: 10 attributes, the most that a message has, leave no room for traceparent" in answer.stderr
    assert check(tmp_path, "tracing=off", actions=actions).stderr == ""
