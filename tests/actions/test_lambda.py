from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.actions.delivery import Delivery, changes
from tests.builders import ARN
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.actions.sinks.runtime import LambdaRuntimeSink
    from tests.actions.sinks.web import LambdaSink
    from tests.servers.started import Servers

    StartDelivery = Callable[..., Delivery]

this_sink = pytest.mark.parametrize("sink", ["lambda"], indirect=True)


def write(sink: LambdaSink, servers: Servers, body: str) -> Path:
    kept: Path = servers.folder / f"{sink.name}.kept"
    (servers.folder / f"{sink.name}.py").write_text(f"import json, pathlib\nkept = pathlib.Path({str(kept)!r})\n{body}")
    return kept


@this_sink
def test_the_event_is_lambdas_own(sink: LambdaSink, servers: Servers, delivery: StartDelivery) -> None:
    kept = write(sink, servers, "def handle(event, context):\n    kept.write_text(json.dumps(event))\n")
    running = delivery(sink.settings(), qualifier="live")
    running.submit(changes(2, 1))
    running.finish()
    (record, _) = json.loads(kept.read_text())["Records"]
    assert record["eventSourceARN"] == ARN
    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1_795_415_484
    assert record["eventSource"] == "aws:dynamodb"


@this_sink
def test_a_partial_batch_response_brings_the_rest_again_and_nothing_before_it(
    sink: LambdaSink, servers: Servers, delivery: StartDelivery
) -> None:
    kept = write(
        sink,
        servers,
        "def handle(event, context):\n"
        "    numbers = [record['dynamodb']['SequenceNumber'] for record in event['Records']]\n"
        "    with kept.open('a') as file:\n"
        "        file.write(json.dumps(numbers) + '\\n')\n"
        "    if len(numbers) > 3:\n"
        "        return {'batchItemFailures': [{'itemIdentifier': numbers[-3]}]}\n",
    )
    running = delivery(sink.settings(), batch={"size": 6})
    records = changes(6, 1)
    running.submit(records)
    running.finish()
    numbers = [record.sequence_number for record in records]
    assert [json.loads(line) for line in kept.read_text().splitlines()] == [numbers, numbers[3:]]


@this_sink
def test_a_function_that_raises_is_tried_again_with_its_own_words_in_the_log(
    sink: LambdaSink, servers: Servers, delivery: StartDelivery, caplog: pytest.LogCaptureFixture
) -> None:
    kept = write(
        sink,
        servers,
        "def handle(event, context):\n"
        "    if not kept.exists():\n"
        "        kept.touch()\n"
        "        raise RuntimeError('no stock')\n",
    )
    running = delivery(sink.settings())
    running.submit(changes(2, 1))
    running.finish()
    assert kept.exists()
    assert "the function failed: RuntimeError: no stock" in caplog.text
    assert running.letters() == []


@this_sink
def test_a_function_that_is_not_there_is_waited_for(
    sink: LambdaSink, servers: Servers, delivery: StartDelivery, caplog: pytest.LogCaptureFixture
) -> None:
    program = servers.folder / f"{sink.name}.py"
    text = program.read_text()
    program.unlink()
    running = delivery(sink.settings())
    running.submit(changes(2, 1))
    wait_for(lambda: "ResourceNotFoundException" in caplog.text, "it says what is missing")
    program.write_text(text)
    running.finish()
    assert len(sink.arrived()) == 2


runtime = pytest.mark.parametrize("sink", ["lambda-runtime"], indirect=True)

_DIES_ONCE = """
import os, pathlib, time
died, calls = pathlib.Path({folder!r}) / "died", []
def handle(event, context):
    calls.append(len(event["Records"]))
    if not died.exists():
        died.touch()
        {death}
    (died.parent / "calls").write_text(repr([calls, context.get_remaining_time_in_millis() <= 2000]))
"""


@runtime
@pytest.mark.parametrize(
    ("death", "says"),
    [("os._exit(3)", "the function failed"), ("time.sleep(30)", "Task timed out after 2.00 seconds")],
    ids=["ends", "takes too long"],
)
def test_a_runtime_that_dies_is_tried_again_in_a_new_one(
    sink: LambdaRuntimeSink,
    delivery: StartDelivery,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    death: str,
    says: str,
) -> None:
    sink.replace(_DIES_ONCE.format(folder=str(tmp_path), death=death), seconds=2)
    running = delivery(sink.settings())
    running.submit(changes(2, 1))
    running.finish()
    running.submit(changes(1, 1, start=2))
    running.finish()
    assert says in caplog.text
    assert (tmp_path / "calls").read_text() == "[[2, 1], True]"  # of the new one, which was kept for the next event
    assert running.letters() == []


@runtime
def test_a_version_that_is_not_there_is_waited_for(
    sink: LambdaRuntimeSink, delivery: StartDelivery, caplog: pytest.LogCaptureFixture
) -> None:
    functions = sink.client("lambda")
    running = delivery(sink.settings(), qualifier="live")
    running.submit(changes(2, 1))
    wait_for(lambda: "ResourceNotFoundException" in caplog.text, "it says what is missing")
    assert sink.arrived() == []
    version = functions.publish_version(FunctionName=sink.name)["Version"]
    functions.create_alias(FunctionName=sink.name, Name="live", FunctionVersion=version)
    running.finish()
    assert len(sink.arrived()) == 2
