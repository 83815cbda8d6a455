"""What handlers give back, in the real process of a shard: nothing counts as done that has not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from pathlib import Path

HANDLERS = """
import functools
def decorated(function):
    @functools.wraps(function)
    def around(event, context):
        return function(event, context)
    return around

@decorated
async def handle(event, context):
    event["Records"][0]["keys"].clear()
    print("ran")

def other(event, context):
    print("keys", event["Records"][0]["keys"], context.get_remaining_time_in_millis() > 0)

def generator(event, context):
    yield print("never")

def misspelt(event, context):
    return {"batchItemFailure": []}
"""


def test_a_decorated_async_handler_runs_and_its_event_is_its_own(tmp_path: Path) -> None:
    first = python_action(tmp_path, HANDLERS, format="plain")
    second = {**first, "name": "two", "handler": "handlers:other"}
    running = ShardProcess(tmp_path, [first, second]).initialize()
    try:
        running.records(1)
        running.wait_for_checkpoint(1)
    finally:
        running.kill()
    assert {event["message"] for event in running.of("handler.print")} == {"ran", "keys {'id': Decimal('1')} True"}


@pytest.mark.parametrize("handler", ["generator", "misspelt"])
def test_an_answer_that_is_none_holds_the_shard_and_says_so(tmp_path: Path, handler: str) -> None:
    running = ShardProcess(tmp_path, [{**python_action(tmp_path, HANDLERS), "handler": f"handlers:{handler}"}])
    running.initialize()
    try:
        running.records(1)
        assert "batchItemFailures" in running.wait_for_event("delivery.blocked")["message"]
    finally:
        running.kill()
    assert running.checkpoints == []
