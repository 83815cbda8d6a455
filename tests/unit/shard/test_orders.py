"""The real process of a shard follows orders: it pauses, and it saves and ends when the actions are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from record_processor.delivery.orders import Orders, Pause, Scope
from record_processor.delivery.orders_file import OrdersFile
from record_processor.system import process_end, shard_environment
from tests.harness import wait_for
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOTES = """
def handle(event, context):
    for record in event["Records"]:
        with open("noted", "a") as file:
            file.write(record["dynamodb"]["SequenceNumber"] + "\\n")
"""
PAUSED = Orders(pauses=[Pause("ann@desk", 1.0, scope=Scope())])


@pytest.fixture
def orders(tmp_path: Path) -> OrdersFile:
    return OrdersFile(tmp_path / "orders", Orders())


@pytest.fixture
def begun(tmp_path: Path, orders: OrdersFile) -> Iterator[Callable[..., ShardProcess]]:
    made: list[ShardProcess] = []

    def begin(action: dict[str, Any], **environment: str) -> ShardProcess:
        assert orders
        told = {shard_environment.ORDERS_FILE: str(tmp_path / "orders"), **environment}
        made.append(ShardProcess(tmp_path, [action], env=told, grace_millis="20000").initialize())
        return made[-1]

    yield begin
    for one in made:
        one.kill()


def noted(tmp_path: Path) -> list[str]:
    file = tmp_path / "noted"
    return file.read_text().split() if file.exists() else []


def test_a_paused_process_answers_and_saves_and_goes_on_when_it_is_resumed(
    tmp_path: Path, orders: OrdersFile, begun: Callable[..., ShardProcess]
) -> None:
    process = begun(python_action(tmp_path, NOTES))
    process.records(1)
    process.wait_for_checkpoint(1)
    orders.write(PAUSED)
    for number in (2, 3, 4):
        process.records(number)
    assert noted(tmp_path) == ["1"]
    assert process.checkpoints[-1] == "1"
    orders.write(Orders())
    process.wait_for_checkpoint(4)
    assert noted(tmp_path) == ["1", "2", "3", "4"]


def test_a_paused_process_that_is_asked_to_stop_saves_what_is_done_and_sends_nothing(
    tmp_path: Path, orders: OrdersFile, begun: Callable[..., ShardProcess]
) -> None:
    process = begun(python_action(tmp_path, NOTES))
    process.records(1)
    process.wait_for_checkpoint(1)
    orders.write(PAUSED)
    process.records(2)
    process.memory.ask_to_stop()
    process.say({"action": "shutdownRequested"})
    wait_for(lambda: process.of("shard.stopped"), "it has stopped", 20)
    assert noted(tmp_path) == ["1"]
    assert process.checkpoints[-1] == "1"
    assert process.close() == process_end.ORDERLY


def test_a_process_with_old_actions_saves_what_it_has_in_hand_and_ends(
    tmp_path: Path, orders: OrdersFile, begun: Callable[..., ShardProcess]
) -> None:
    process = begun(python_action(tmp_path, NOTES, batch={"size": 10, "window": "60s"}))
    process.records(1, 2)
    process.records()  # which is asked once it has the first two
    orders.replaced_actions()
    process.records(3)
    assert process.wait() == process.confirmed == process_end.RELOAD
    assert noted(tmp_path) == ["1", "2"]
    assert process.checkpoints[-1] == "2"
    assert process.of("shard.reloading")
    assert process.of("shard.failed") == []


def test_an_idle_process_with_old_actions_ends_with_the_next_empty_read(
    tmp_path: Path, orders: OrdersFile, begun: Callable[..., ShardProcess]
) -> None:
    process = begun(python_action(tmp_path, NOTES))
    process.wait_for_event("shard.started")
    orders.replaced_actions()
    process.records()
    assert process.wait() == process_end.RELOAD


def test_the_end_of_a_blocked_shard_does_not_keep_a_process_with_old_actions(
    tmp_path: Path, orders: OrdersFile, begun: Callable[..., ShardProcess]
) -> None:
    process = begun(python_action(tmp_path, "def handle(event, context):\n    raise RuntimeError('a bug')\n"))
    process.records(1)
    process.say({"action": "shardEnded"})
    process.wait_for_event("delivery.blocked")
    orders.replaced_actions()
    assert process.wait() == process_end.RELOAD
    assert None not in process.checkpoints


def test_what_an_old_forker_has_forked_begins_nothing(
    tmp_path: Path, orders: OrdersFile, begun: Callable[..., ShardProcess]
) -> None:
    orders.replaced_actions()
    process = begun(python_action(tmp_path, NOTES), **{shard_environment.ACTIONS_NUMBER: "0"})
    process.records(1)
    assert process.wait() == process_end.RELOAD
    assert noted(tmp_path) == []
