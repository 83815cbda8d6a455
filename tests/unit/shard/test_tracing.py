"""`tracing = otel` in the real process of a shard, with a collector that behaves, or does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.system import process_end, shard_environment
from tests.forker import ForkedShardProcess, Forker
from tests.harness import wait_for
from tests.servers.collector import Collector
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TRACED = {shard_environment.TRACING: "orders-worker"}
OURS = "record_processor."
DOES_NOTHING = "def handle(event, context):\n    pass\n"
SPANS_OF_ITS_OWN = """
import asyncio
from opentelemetry import trace
tracer = trace.get_tracer("shop")
def handle(event, context):
    with tracer.start_as_current_span("charge"):
        pass
async def handle_async(event, context):
    await asyncio.sleep(0)
    with tracer.start_as_current_span("charge"):
        await asyncio.sleep(0)
"""
FAILS = """
calls = []
def handle(event, context):
    numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
    calls.append(numbers)
    if len(calls) == 1:
        raise ValueError("the card 4111-1111 of Motorola is refused")
    if len(calls) == 2:
        return {"batchItemFailures": [{"itemIdentifier": numbers[1]}]}
"""
SAYS_WHAT_IS_IMPORTED = """
import sys
def handle(event, context):
    print(sorted(name for name in sys.modules if "opentelemetry" in name or "tracing" in name or "spans" in name))
"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.end()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ShardProcess]]:
    """Begin a shard that is traced, unless the environment says otherwise."""
    running: list[ShardProcess] = []

    def begin(code: str, env: dict[str, str], **settings: Any) -> ShardProcess:
        running.append(ShardProcess(tmp_path, [python_action(tmp_path, code, **settings)], env={**TRACED, **env}))
        return running[-1].initialize()

    yield begin
    for process in running:
        process.kill()


def end(shard: ShardProcess) -> None:
    shard.say({"action": "leaseLost"})
    assert shard.close() == process_end.ORDERLY


def test_each_call_is_a_span_that_names_its_records_and_none_of_their_values(
    collector: Collector, start: Callable[..., ShardProcess]
) -> None:
    shard = start(DOES_NOTHING, collector.environment, batch={"size": 2, "window": "50ms"})
    shard.records(1, 2, 3)
    shard.wait_for_checkpoint(3)
    end(shard)
    pair, single = collector.spans()
    assert (pair.name, pair.kind, pair.status, pair.parent_id) == ("process Phones", "CONSUMER", "UNSET", "")
    assert pair.attributes == {
        "messaging.system": "aws_dynamodb_streams",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "Phones",
        "messaging.batch.message_count": 2,
        f"{OURS}table": "Phones",
        f"{OURS}shard": "shardId-1",
        f"{OURS}action": "orders",
        f"{OURS}first_sequence_number": "1",
        f"{OURS}last_sequence_number": "2",
        f"{OURS}records": 2,
        f"{OURS}attempt": 1,
        f"{OURS}outcome": "done",
    }
    assert "messaging.batch.message_count" not in single.attributes
    assert (single.attributes[f"{OURS}first_sequence_number"], single.attributes[f"{OURS}records"]) == ("3", 1)
    assert pair.trace_id != single.trace_id
    assert pair.resource["service.name"] == "orders-worker"
    assert pair.resource["process.pid"] == shard.process.pid


def test_a_service_has_the_name_that_the_user_gave_it(collector: Collector, start: Callable[..., ShardProcess]) -> None:
    named = {"OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "host.name=blue,team=payments"}
    shard = start(DOES_NOTHING, {**collector.environment, **named})
    shard.records(1)
    shard.wait_for_checkpoint(1)
    end(shard)
    resource = collector.spans()[0].resource
    assert (resource["service.name"], resource["host.name"], resource["team"]) == ("shop", "blue", "payments")


def test_a_call_that_fails_says_how_and_how_often_but_not_what_the_error_says(
    collector: Collector, start: Callable[..., ShardProcess]
) -> None:
    shard = start(FAILS, collector.environment, batch={"size": 3, "window": "50ms"})
    shard.records(1, 2, 3)
    shard.wait_for_checkpoint(3)
    end(shard)
    failed, partial, done = collector.spans()
    assert [span.attributes[f"{OURS}attempt"] for span in (failed, partial, done)] == [1, 2, 3]
    assert [span.attributes[f"{OURS}outcome"] for span in (failed, partial, done)] == ["failed", "partial", "done"]
    assert [span.status for span in (failed, partial, done)] == ["ERROR", "ERROR", "UNSET"]
    assert (failed.attributes["error.type"], failed.attributes[f"{OURS}records_not_done"]) == ("ValueError", 3)
    assert partial.attributes[f"{OURS}records_not_done"] == 2
    assert "4111" not in str(collector.spans()) and "Motorola" not in str(collector.spans())


@pytest.mark.parametrize("handler", ["handle", "handle_async"])
def test_a_handlers_own_spans_are_children_of_the_calls(
    collector: Collector, start: Callable[..., ShardProcess], handler: str
) -> None:
    shard = start(SPANS_OF_ITS_OWN, collector.environment, handler=f"handlers:{handler}")
    shard.records(1)
    shard.wait_for_checkpoint(1)
    end(shard)
    (charge,), (call,) = collector.spans("charge"), collector.spans("process")
    assert (charge.trace_id, charge.parent_id) == (call.trace_id, call.span_id)


def test_a_process_that_is_forked_sends_its_spans_too(collector: Collector, tmp_path: Path) -> None:
    env = {**TRACED, **collector.environment}
    actions = [python_action(tmp_path, DOES_NOTHING)]
    forker = Forker(tmp_path, actions, env)
    shards: list[ShardProcess] = []
    for number in (1, 2):
        shard = ForkedShardProcess(forker, tmp_path / str(number), actions, env=env).initialize()
        shards.append(shard)
        shard.records(number)
        shard.wait_for_checkpoint(number)
    for shard in shards:
        end(shard)
        shard.kill()
    status, events = forker.close()
    assert (status, [event for event in events if event["level"] != "info"]) == (0, [])
    assert {span.resource["process.pid"] for span in collector.spans()} == {shard.process.pid for shard in shards}
    assert len({span.resource["service.instance.id"] for span in collector.spans()}) == 2


def test_a_process_that_a_handler_forks_sends_nothing_twice(
    collector: Collector, start: Callable[..., ShardProcess]
) -> None:
    forks = """
import multiprocessing
from opentelemetry import trace
def work():
    with trace.get_tracer("shop").start_as_current_span("work"):
        pass
    assert trace.get_tracer_provider().force_flush()
def handle(event, context):
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0
"""
    shard = start(forks, collector.environment)
    for number in (1, 2, 3):
        shard.records(number)
        shard.wait_for_checkpoint(number)
    end(shard)
    calls = collector.spans("process")
    assert [span.attributes[f"{OURS}first_sequence_number"] for span in calls] == ["1", "2", "3"]
    assert [span.parent_id for span in collector.spans("work")] == [span.span_id for span in calls]
    assert [event for event in shard.events if event["level"] in ("warning", "error")] == []


def test_what_is_held_is_sent_when_the_lease_is_lost(collector: Collector, start: Callable[..., ShardProcess]) -> None:
    shard = start(DOES_NOTHING, collector.environment)
    shard.records(1)
    shard.wait_for_checkpoint(1)
    shard.memory.lose()
    shard.records(2)
    assert shard.wait() == process_end.LEASE_LOST
    assert [span.attributes[f"{OURS}first_sequence_number"] for span in collector.spans()] == ["1"]


@pytest.mark.parametrize("state", ["away", "hangs", "refuses"])
def test_a_bad_collector_costs_spans_and_nothing_else(
    collector: Collector, start: Callable[..., ShardProcess], state: str
) -> None:
    if state == "away":
        collector.end()
    elif state == "hangs":
        collector.hang()
    else:
        collector.status = 503
    quick = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_BSP_MAX_QUEUE_SIZE": "40", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "20"}
    shard = start(DOES_NOTHING, {**collector.environment, **quick, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"})
    for number in range(1, 401, 100):
        shard.records(*range(number, number + 100))
    shard.wait_for_checkpoint(400)
    shard.wait_for_event("tracing.lost")
    end(shard)
    said = [event for event in shard.events if event["level"] in ("warning", "error")]
    # The first loss, and at the end what came after it.
    assert [event["event"] for event in said] in (["tracing.lost"], ["tracing.lost"] * 2)
    assert sum(event["spans"] for event in said) == 400
    assert collector.address.rpartition(":")[2] not in json.dumps(said)


def test_an_answer_without_an_end_is_not_read(collector: Collector, start: Callable[..., ShardProcess]) -> None:
    collector.answers_endlessly = True
    shard = start(DOES_NOTHING, {**collector.environment, "OTEL_BSP_SCHEDULE_DELAY": "10"})
    for number in (1, 2, 3):
        shard.records(number)
        shard.wait_for_checkpoint(number)
        collector.wait_for(number)
    end(shard)
    assert [event for event in shard.events if event["level"] in ("warning", "error")] == []


def test_spans_of_another_provider_of_the_users_stay_with_it(
    collector: Collector, start: Callable[..., ShardProcess]
) -> None:
    own = """
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
provider = TracerProvider(resource=Resource({"service.name": "own"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
"""
    shard = start(own + DOES_NOTHING, collector.environment)
    shard.records(1)
    shard.wait_for_checkpoint(1)
    end(shard)
    assert [span.resource["service.name"] for span in collector.spans()] == ["own"]


def test_spans_that_are_not_sampled_or_not_wanted_are_not_sent(
    collector: Collector, start: Callable[..., ShardProcess]
) -> None:
    for off in ({"OTEL_TRACES_SAMPLER": "always_off"}, {"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}):
        shard = start(DOES_NOTHING, {**collector.environment, **off})
        shard.records(1)
        shard.wait_for_checkpoint(1)
        end(shard)
        assert [event for event in shard.events if event["level"] in ("warning", "error")] == []
    assert collector.requests == 0


def test_what_opentelemetry_does_not_take_is_said_and_everything_is_delivered(
    collector: Collector, start: Callable[..., ShardProcess]
) -> None:
    shard = start(DOES_NOTHING, {**collector.environment, "OTEL_BSP_MAX_QUEUE_SIZE": "many"})
    shard.records(1)
    shard.wait_for_checkpoint(1)
    end(shard)
    (event,) = shard.of("tracing.unavailable")
    assert "many" in event["message"]
    assert collector.spans() == []


def test_a_span_processor_that_fails_does_not_make_a_call_fail(
    collector: Collector, start: Callable[..., ShardProcess], tmp_path: Path
) -> None:
    broken = """
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor
class Broken(SpanProcessor):
    def on_end(self, span):
        raise RuntimeError("broken")
def begin():
    trace.get_tracer_provider().add_span_processor(Broken())
def handle(event, context):
    with open("calls", "a") as file:
        print("called", file=file)
"""
    shard = start(broken, collector.environment, startup="handlers:begin")
    shard.records(1, 2)
    shard.wait_for_checkpoint(2)
    end(shard)
    assert (tmp_path / "calls").read_text() == "called\n" * 2
    assert len(shard.of("tracing.failed")) == 1


def test_without_tracing_nothing_of_it_is_imported(tmp_path: Path) -> None:
    actions = [python_action(tmp_path, SAYS_WHAT_IS_IMPORTED)]
    alone = ShardProcess(tmp_path, actions)
    forker = Forker(tmp_path, actions)
    both: list[ShardProcess] = [alone, ForkedShardProcess(forker, tmp_path / "forked", actions)]
    for shard in both:
        shard.initialize().records(1)
        wait_for(lambda shard=shard: shard.of("handler.print"), "it says what is imported")  # type: ignore[misc]
        end(shard)
        assert shard.of("handler.print")[0]["message"] == "[]"
        shard.kill()
    assert forker.close()[0] == 0
