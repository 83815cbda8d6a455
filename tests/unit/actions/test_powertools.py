"""AWS Lambda Powertools, unchanged, as handlers of the `python` action."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes import DynamoDBStreamEvent, event_source

from record_processor.actions.base import PartialFailure, Shard
from record_processor.actions.python import PythonAction, PythonSettings
from tests.builders import ARN, STREAM, change_record

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
seen: list[Any] = []


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


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


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
