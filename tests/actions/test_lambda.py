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
