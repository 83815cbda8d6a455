"""A sink created for each test, and the delivery of one action to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.actions.delivery import Delivery
from tests.actions.sinks import aws, host, runtime, web
from tests.servers.catalogue import ministack_lambda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from record_processor.delivery.call_spans import CallTracer
    from tests.actions.sinks.base import Sink
    from tests.servers.started import Servers


SINKS: dict[str, Callable[[Servers, Path], Sink]] = {
    "sqs": lambda servers, _: aws.SqsSink(servers.get("ministack")),
    "sqs-fifo": lambda servers, _: aws.SqsFifoSink(servers.get("elasticmq")),
    "sns": lambda servers, _: aws.SnsSink(servers.get("ministack")),
    "eventbridge": lambda servers, _: aws.EventBridgeSink(servers.get("ministack")),
    "kinesis": lambda servers, _: aws.KinesisSink(servers.get("ministack")),
    "firehose": lambda servers, _: aws.FirehoseSink(servers.get("ministack")),
    "s3": lambda servers, _: aws.S3Sink(servers.get("s3proxy")),
    "dynamodb": lambda servers, _: aws.DynamoDBSink(servers.get("dynamodb")),
    "lambda": lambda servers, _: web.LambdaSink(servers.get("functions"), servers.folder),
    "lambda-runtime": lambda servers, _: runtime.LambdaRuntimeSink(ministack_lambda(servers.folder), servers.folder),
    "webhook": lambda servers, _: web.WebhookSink(servers.get("receiver"), servers.folder, servers.tls),
    "command": lambda _, folder: host.CommandSink(folder),
    "python": lambda _, folder: host.PythonSink(folder),
    "file": lambda _, folder: host.FileSink(folder),
    "log": lambda *_: host.LogSink(),
}
# The proxy answers in place of a server that throttles or rejects: what runs behind it does not matter then.
BEHIND_THE_PROXY = [name for name in SINKS if name not in ("command", "python", "file", "log", "lambda-runtime")]
OVER_THE_NETWORK = [name for name in SINKS if name not in ("command", "python", "file", "log")]


@pytest.fixture
def sink(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> Iterator[Any]:
    """The sink that the test's parameter names."""
    made = SINKS[request.param](servers, tmp_path)
    yield made
    made.end()


@pytest.fixture
def delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Delivery]]:
    """Starts the delivery of one action, as a shard's process has it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local-secret-key")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.syspath_prepend(tmp_path)
    made: list[Delivery] = []

    def start(settings: dict[str, Any], tracer: CallTracer | None = None, **more: Any) -> Delivery:
        made.append(Delivery(tmp_path, {"name": "it", **settings, **more}, tracer))
        return made[-1]

    yield start
    for one in made:
        one.close()
