from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.base import InvalidSettingError, Shard
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
