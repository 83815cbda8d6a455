from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.base import InvalidSettingError, PartialFailure, Shard
from record_processor.actions.batch_response import InvalidBatchResponse
from record_processor.actions.python import Context, PythonAction, PythonSettings
from tests.builders import ARN, STREAM, change_record

if TYPE_CHECKING:
    from pathlib import Path

calls: list[tuple[dict[str, Any], Context]] = []
not_a_function = 12


def handle(event: dict[str, Any], context: Context) -> None:
    calls.append((event, context))


def action(handler: str) -> PythonAction:
    made = PythonAction(PythonSettings(name="orders", type="python", handler=handler))
    made.open(Shard("shardId-1", STREAM))
    return made


def test_a_handler_gets_lambdas_event_and_a_context() -> None:
    calls.clear()
    record = change_record()
    action(f"{__name__}:handle").deliver([record])
    ((event, context),) = calls
    assert event == {"Records": [record.to_lambda()]}
    assert event["Records"][0]["eventSourceARN"] == ARN
    assert (context.function_name, context.shard_id) == ("orders", "shardId-1")
    assert context.aws_request_id


def test_each_call_gets_an_event_of_its_own() -> None:
    """A handler that changes its event must not change what a retry or another action gets."""
    calls.clear()
    record = change_record()
    made = action(f"{__name__}:handle")
    made.deliver([record])
    calls[0][0]["Records"][0]["dynamodb"].clear()
    made.deliver([record])
    assert calls[1][0]["Records"][0]["dynamodb"]["SequenceNumber"] == record.sequence_number


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("no_such_module:handle", "cannot import 'no_such_module': ModuleNotFoundError"),
        (f"{__name__}:absent", "has no 'absent'"),
        (f"{__name__}:not_a_function", "is not a function, found int"),
    ],
)
def test_a_handler_that_is_not_there_is_refused_before_anything_starts(handler: str, message: str) -> None:
    with pytest.raises(InvalidSettingError, match=message) as refused:
        action(handler)
    assert refused.value.key == "handler"


def test_a_module_that_fails_to_import_is_refused_with_its_error(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "broken_module.py").write_text("import json\njson.loads('{')\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(InvalidSettingError, match="cannot import 'broken_module': JSONDecodeError"):
        action("broken_module:handle")


responses: list[Any] = []


def respond(_event: dict[str, Any], _context: Context) -> Any:
    return responses[0]


async def handle_async(event: dict[str, Any], _context: Context) -> Any:
    calls.append((event, _context))
    await asyncio.sleep(0.02)
    return responses[0] if responses else None


def failed_positions(answer: Any, count: int = 4, handler: str = "respond") -> list[int]:
    responses[:] = [answer]
    records = [change_record(SequenceNumber=str(number)) for number in range(1, count + 1)]
    made = action(f"{__name__}:{handler}")
    try:
        made.deliver(records)
    except PartialFailure as failure:
        return sorted(failure.failures)
    finally:
        made.close()
    return []


@pytest.mark.parametrize(
    "answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"statusCode": 200}, "done"]
)
def test_an_answer_without_failures_means_that_all_is_well(answer: Any) -> None:
    assert failed_positions(answer) == []


@pytest.mark.parametrize(
    ("failures", "expected"), [(["3"], [2, 3]), (["4", "2"], [1, 2, 3]), (["1"], [0, 1, 2, 3]), (["4"], [3])]
)
def test_everything_from_the_lowest_failure_on_comes_again(failures: list[str], expected: list[int]) -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": number} for number in failures]}
    assert failed_positions(answer) == expected
    assert failed_positions(answer, handler="handle_async") == expected


@pytest.mark.parametrize(
    "item", [{"itemIdentifier": ""}, {"itemIdentifier": None}, {"itemIdentifier": "99"}, {"item": "1"}, None, "1"]
)
def test_an_identifier_that_is_not_in_the_batch_fails_all_of_it(item: Any) -> None:
    with pytest.raises(InvalidBatchResponse, match="not in the batch"):
        failed_positions({"batchItemFailures": [item]})


def test_async_calls_share_one_loop_and_overlap() -> None:
    calls.clear()
    responses.clear()
    made = action(f"{__name__}:handle_async")
    threads = [threading.Thread(target=made.deliver, args=([change_record()],)) for _ in range(50)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 50
    assert time.monotonic() - begun < 0.5
    made.close()
