"""AWS Lambda Powertools, unchanged, as handlers of the `python` action."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent, event_source
from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer, idempotent
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemAlreadyExistsError

from record_processor.actions.python import PythonAction, PythonSettings
from record_processor.errors import PartialFailure
from record_processor.records.stream import Shard
from tests.builders import ARN, STREAM, change_record

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
    from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
seen: list[Any] = []
logger = Logger(service="shop")
metrics = Metrics(namespace="shop", service="orders")
tracer = Tracer(service="shop")


def handle_record(record: DynamoDBRecord) -> None:
    assert record.dynamodb is not None
    if record.dynamodb.keys["id"] == "poison":
        raise ValueError("poison")
    seen.append(record.dynamodb.new_image)


def handle_batch(event: dict[str, Any], context: Any) -> Any:
    return process_partial_response(event=event, record_handler=handle_record, processor=processor, context=context)


@event_source(data_class=DynamoDBStreamEvent)
def handle_event(event: DynamoDBStreamEvent, _context: Any) -> None:
    for record in event.records:
        assert record.dynamodb is not None
        seen.append(
            (
                record.event_name.name if record.event_name else None,
                record.event_source_arn,
                record.dynamodb.keys,
                record.dynamodb.new_image,
                record.dynamodb.approximate_creation_date_time,
                record.dynamodb.sequence_number,
            )
        )


class Memory(BasePersistenceLayer):
    """Powertools' interface of a store, kept in a dictionary."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[str, DataRecord] = {}
        self.expiry: int | None = None

    def _get_record(self, idempotency_key: str) -> DataRecord:
        return self.kept[idempotency_key]

    def _put_record(self, data_record: DataRecord) -> None:
        if data_record.idempotency_key in self.kept:
            raise IdempotencyItemAlreadyExistsError
        self.expiry = data_record.in_progress_expiry_timestamp
        self.kept[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        self.kept[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: DataRecord) -> None:
        del self.kept[data_record.idempotency_key]


memory = Memory()


@idempotent(persistence_store=memory)
def handle_once(event: dict[str, Any], _context: Any) -> None:
    seen.append(event)


@idempotent(persistence_store=memory)
def handle_once_with_async(event: dict[str, Any], _context: Any) -> None:
    """As Powertools has it for async code: the decorator itself takes no coroutine function."""

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(event)

    asyncio.run(work())


@logger.inject_lambda_context(log_event=False)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handle_observed(event: dict[str, Any], _context: Any) -> None:
    logger.info("seen", extra={"count": len(event["Records"])})
    metrics.add_metric(name="Seen", unit=MetricUnit.Count, value=len(event["Records"]))


@tracer.capture_method
async def look(event: dict[str, Any]) -> None:
    await asyncio.sleep(0)
    logger.info("seen", extra={"count": len(event["Records"])})
    metrics.add_metric(name="Seen", unit=MetricUnit.Count, value=len(event["Records"]))


@logger.inject_lambda_context
@tracer.capture_lambda_handler
async def handle_observed_async(event: dict[str, Any], _context: Any) -> None:
    await look(event)
    metrics.flush_metrics()


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()
    memory.kept.clear()


def opened(function: str) -> PythonAction:
    action = PythonAction(PythonSettings(name="powertools", type="python", handler=f"{__name__}:{function}"))
    action.open(Shard("shardId-1", STREAM))
    return action


def records(*ids: str) -> list[Any]:
    return [
        change_record(
            SequenceNumber=str(number), Keys={"id": {"S": name}}, NewImage={"id": {"S": name}, "n": {"N": "1.5"}}
        )
        for number, name in enumerate(ids, start=1)
    ]


def test_the_batch_processor_reports_which_record_failed() -> None:
    with pytest.raises(PartialFailure) as failure:
        opened("handle_batch").deliver(records("a", "b", "poison", "d"))
    assert sorted(failure.value.failures) == [2, 3]
    assert seen[:2] == [{"id": "a", "n": Decimal("1.5")}, {"id": "b", "n": Decimal("1.5")}]


def test_a_batch_without_failures_is_done() -> None:
    opened("handle_batch").deliver(records("a", "b"))
    assert len(seen) == 2


def test_the_event_class_finds_everything_in_its_place() -> None:
    opened("handle_event").deliver(records("a"))
    assert seen == [("INSERT", ARN, {"id": "a"}, {"id": "a", "n": Decimal("1.5")}, 1_795_415_484, "1")]


@pytest.mark.parametrize("handler", ["handle_once", "handle_once_with_async"])
def test_an_idempotent_handler_does_a_batch_once(handler: str) -> None:
    action, batch = opened(handler), records("a", "b")
    action.deliver(batch)
    action.deliver(batch)
    assert len(seen) == 1
    # From what the context says is left of the call: the store can tell when one must have been cut off.
    assert memory.expiry is not None
    assert 890 < memory.expiry / 1000 - time.time() <= 900


@pytest.mark.parametrize("handler", ["handle_observed", "handle_observed_async"])
def test_logger_tracer_and_metrics_work_as_in_lambda(
    handler: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logger._logger.handlers[0], "stream", sys.stdout)
    opened(handler).deliver(records("a", "b"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (logged,) = [line for line in lines if line.get("message") == "seen"]
    assert (logged["function_name"], logged["count"], logged["function_arn"]) == ("powertools", 2, ARN)
    assert logged["function_request_id"]
    assert [line["Seen"] for line in lines if "Seen" in line] == [[2.0]]
