"""What an operator orders: paused actions begin nothing, and a skipped record is given up once it has failed."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.config.units import Duration
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.delivery import slow_calls
from record_processor.delivery.orders import Orders, Pause, Scope, Skip
from record_processor.delivery.orders_file import OrdersFile, OrdersView
from record_processor.delivery.shard_delivery import ShardDelivery
from record_processor.errors import LeaseLostError, ReloadRequestedError, StopRequestedError
from record_processor.plugin.settings import Batch
from record_processor.records.stream import Shard
from tests.builders import STREAM, LeaseMemory
from tests.harness import wait_for
from tests.unit.delivery.test_shard_delivery import Calls, dead, fail_on, letters, records

if TYPE_CHECKING:
    from pathlib import Path

BY = "ann@desk"


class Board:
    """The orders of a test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = OrdersFile(path, Orders())
        self._orders = Orders()

    def pause(self, action: str | None = None, table: str | None = None, shard_id: str | None = None) -> None:
        pause = Pause(BY, 1.0, "maintenance", scope=Scope(table, shard_id, action))
        self._write(Orders(pauses=[*self._orders.pauses, pause]))

    def resume(self) -> None:
        self._write(Orders())

    def skip(self, number: str, action: str = "calls", shard_id: str = "shardId-1") -> None:
        skip = Skip(
            BY, 1.0, "a broken order", table=STREAM.table, shard_id=shard_id, sequence_number=number, action=action
        )
        self._write(Orders(skips=[*self._orders.skips, skip]))

    def _write(self, orders: Orders) -> None:
        self._orders = orders
        self.file.write(orders)


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path / "orders")


@pytest.fixture
def memory(tmp_path: Path) -> LeaseMemory:
    return LeaseMemory(tmp_path / "lease")


def opened(board: Board, memory: LeaseMemory, *actions: Calls, grace_seconds: float = 5) -> ShardDelivery:
    delivery = ShardDelivery(actions, memory.lease(), grace_seconds, orders=OrdersView(board.path))
    delivery.open(Shard("shardId-1", STREAM))
    return delivery


def quiet(action: Calls, seconds: float = 0.3) -> list[list[str]]:
    """The calls after a time in which nothing may begin."""
    time.sleep(seconds)
    return list(action.calls)


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"action": "calls"},
        {"table": STREAM.table},
        {"shard_id": "shardId-1"},
        {"action": "calls", "table": STREAM.table},
    ],
)
def test_nothing_paused_begins_until_it_is_resumed(board: Board, memory: LeaseMemory, scope: dict[str, str]) -> None:
    action = Calls()
    delivery = opened(board, memory, action)
    delivery.submit(records(1))
    wait_for(lambda: action.calls == [["1"]], "the first")
    board.pause(**scope)
    delivery.submit(records(2, 3))
    assert quiet(action) == [["1"]]
    assert delivery.is_paused
    assert delivery.low_water() == "1"
    assert delivery.running() == []
    assert not delivery.busy
    board.resume()
    wait_for(lambda: delivery.low_water() == "3", "it is resumed")
    assert action.calls == [["1"], ["2"], ["3"]]
    assert not delivery.is_paused


@pytest.mark.parametrize("scope", [{"action": "other"}, {"table": "Other"}, {"shard_id": "shardId-2"}])
def test_what_is_not_paused_goes_on(board: Board, memory: LeaseMemory, scope: dict[str, str]) -> None:
    action = Calls()
    delivery = opened(board, memory, action)
    board.pause(**scope)
    delivery.submit(records(1))
    wait_for(lambda: delivery.low_water() == "1", "it is done")
    assert not delivery.is_paused


def test_the_other_actions_of_a_shard_go_on_and_the_checkpoint_does_not_pass_what_is_paused(
    board: Board, memory: LeaseMemory
) -> None:
    paused, other = Calls(name="paused", batch=Batch(size=10)), Calls(name="other")
    delivery = opened(board, memory, paused, other)
    board.pause("paused")
    delivery.submit(records(1, 2))
    wait_for(lambda: other.calls == [["1"], ["2"]], "the other goes on")
    assert quiet(paused) == []
    assert delivery.low_water() is None
    board.resume()
    wait_for(lambda: delivery.low_water() == "2", "it is resumed")


def test_a_retry_does_not_begin_while_it_is_paused(board: Board, memory: LeaseMemory) -> None:
    action = Calls(fail_on("1"))
    delivery = opened(board, memory, action)
    delivery.submit(records(1))
    wait_for(lambda: len(action.calls) >= 1, "it fails")
    board.pause()
    time.sleep(0.05)
    before = quiet(action)
    assert quiet(action) == before
    action.act = lambda _numbers: None
    board.resume()
    wait_for(lambda: delivery.low_water() == "1", "it is resumed")


def test_a_stop_sends_nothing_that_is_paused_and_does_not_wait_for_it(board: Board, memory: LeaseMemory) -> None:
    paused, other = Calls(name="paused"), Calls(name="other", batch=Batch(size=100))
    delivery = opened(board, memory, paused, other, grace_seconds=2)
    board.pause("paused")
    delivery.submit(records(1, 2))
    memory.ask_to_stop()
    began = time.monotonic()
    delivery.drain()
    assert time.monotonic() - began < 1
    board.resume()
    assert quiet(paused) == []
    assert other.calls == [["1"], ["2"]] or other.calls == [["1", "2"]]
    assert delivery.low_water() is None


def test_the_end_of_a_shard_waits_for_what_is_paused_and_a_stop_ends_that(board: Board, memory: LeaseMemory) -> None:
    delivery = opened(board, memory, Calls())
    board.pause()
    delivery.submit(records(1))
    threading.Timer(0.3, memory.ask_to_stop).start()
    with pytest.raises(StopRequestedError):
        delivery.finish()


def test_a_lost_lease_ends_a_pause(board: Board, memory: LeaseMemory) -> None:
    action = Calls()
    delivery = opened(board, memory, action)
    board.pause()
    delivery.submit(records(1))
    memory.lose()
    with pytest.raises(LeaseLostError):
        delivery.submit(records(2))
    board.resume()
    assert quiet(action) == []


def test_a_long_pause_is_no_slow_call(board: Board, memory: LeaseMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_calls, "SLOW_SECONDS", 0.2)
    action = Calls()
    delivery = opened(board, memory, action)
    delivery.submit(records(1))
    wait_for(lambda: delivery.low_water() == "1", "the first")
    board.pause()
    delivery.submit(records(2))
    quiet(action, 0.5)
    assert delivery.blocks() == []


def test_orders_that_were_never_read_pause_everything(tmp_path: Path, memory: LeaseMemory) -> None:
    board = Board(tmp_path / "orders")
    board.file.write(Orders(is_known=False))
    action = Calls()
    delivery = opened(board, memory, action)
    delivery.submit(records(1))
    assert quiet(action) == []
    board.file.write(Orders())
    wait_for(lambda: delivery.low_water() == "1", "they are known")


def test_a_skipped_record_goes_to_the_dead_letters_and_the_shard_goes_on(
    board: Board, memory: LeaseMemory, tmp_path: Path
) -> None:
    action = Calls(fail_on("2"), dead_letter=dead(tmp_path), batch=Batch(size=3))
    delivery = opened(board, memory, action)
    delivery.submit(records(1, 2, 3))
    wait_for(lambda: len(action.calls) >= 2, "it is blocked")
    board.skip("2")
    wait_for(lambda: delivery.low_water() == "3", "it goes on")
    (letter,) = letters(tmp_path)
    assert letter.sequence_number == "2"
    assert f"skipped by {BY}: a broken order" in letter.error.message
    assert "poison" in letter.error.message
    assert action.calls[-1] == ["1", "3"]


def test_a_record_that_has_not_failed_is_not_skipped(board: Board, memory: LeaseMemory, tmp_path: Path) -> None:
    action = Calls(dead_letter=dead(tmp_path))
    delivery = opened(board, memory, action)
    board.skip("1")
    board.skip("2", action="other")
    delivery.submit(records(1, 2))
    wait_for(lambda: delivery.low_water() == "2", "they are done")
    assert action.calls == [["1"], ["2"]]
    assert not (tmp_path / "dead.jsonl").exists()


def test_a_skip_ends_a_long_wait_for_the_next_attempt_also_while_it_is_paused(
    board: Board, memory: LeaseMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from record_processor.delivery import outcomes

    monkeypatch.setattr(outcomes, "delay", lambda _attempts: 60.0)
    action = Calls(fail_on("1"), dead_letter=dead(tmp_path))
    delivery = opened(board, memory, action)
    delivery.submit(records(1))
    wait_for(lambda: delivery.blocks(), "it is blocked")
    board.pause()
    board.skip("1")
    wait_for(lambda: delivery.low_water() == "1", "it is skipped", 5)
    assert action.calls == [["1"]]


def test_without_dead_letters_a_skipped_record_goes_to_a_file(
    board: Board, memory: LeaseMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    action = Calls(fail_on("1"))
    delivery = opened(board, memory, action)
    delivery.submit(records(1, 2))
    wait_for(lambda: action.calls, "it is blocked")
    board.skip("1")
    wait_for(lambda: delivery.low_water() == "2", "it goes on")
    (letter,) = DeadLetterFile(tmp_path / "skipped/calls.jsonl").read()[0]
    assert letter.sequence_number == "1"


def test_the_checkpoint_stays_until_the_letter_of_a_skipped_record_is_durable(
    board: Board, memory: LeaseMemory, tmp_path: Path
) -> None:
    (tmp_path / "dead.jsonl").mkdir()  # nothing can be appended to it
    action = Calls(fail_on("1"), dead_letter=dead(tmp_path))
    delivery = opened(board, memory, action)
    delivery.submit(records(1))
    wait_for(lambda: action.calls, "it is blocked")
    board.skip("1")
    wait_for(lambda: any("dead.jsonl" in block.error for block in delivery.blocks()), "the letter cannot be stored")
    assert delivery.low_water() is None
    (tmp_path / "dead.jsonl").rmdir()
    wait_for(lambda: delivery.low_water() == "1", "the letter is stored")
    assert len(letters(tmp_path)) == 1


def test_orders_are_read_whole_while_they_change(tmp_path: Path) -> None:
    board = Board(tmp_path / "orders")
    view = OrdersView(board.path)
    found: list[Any] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            found.append(view.look())

    thread = threading.Thread(target=look)
    thread.start()
    for number in range(500):
        pauses = [Pause(BY, 1.0, "x" * number, scope=Scope("T"))] * 2
        board.file.write(Orders(version=number + 1, pauses=pauses))
    ended.set()
    thread.join()
    for orders in found:
        assert not orders.is_known or len({len(pause.reason) for pause in orders.pauses}) <= 1
    assert view.look().version == 500


def test_a_scope_says_what_it_is() -> None:
    assert str(Scope()) == "the whole application"
    assert str(Scope("Orders", None, "shop")) == "action shop of table Orders"
    assert Scope().includes(Scope("T"))
    assert not Scope("T").includes(Scope())
    assert not Scope("T", None, "a").includes(Scope("T", "s"))
    assert json.loads(json.dumps(str(Scope(None, "s")))) == "shard s"


def test_new_actions_end_a_delivery_after_what_is_in_hand(board: Board, memory: LeaseMemory) -> None:
    action = Calls(batch=Batch(size=10, window=Duration(300)))
    delivery = opened(board, memory, action)
    delivery.submit(records(1, 2))
    board.file.replaced_actions()
    with pytest.raises(ReloadRequestedError):
        delivery.submit(records(3))
    delivery.wind_up()
    assert action.calls == [["1", "2"]]
    assert delivery.low_water() == "2"
    delivery.make_durable()


def test_new_actions_end_the_wait_of_a_blocked_shard_and_nothing_begins_anymore(
    board: Board, memory: LeaseMemory
) -> None:
    action = Calls(fail_on("1"))
    delivery = opened(board, memory, action, grace_seconds=1)
    delivery.submit(records(1))
    wait_for(lambda: action.calls, "it is blocked")
    board.file.replaced_actions()
    with pytest.raises(ReloadRequestedError):
        delivery.finish()
    delivery.wind_up()
    assert not delivery.busy
    before = list(action.calls)
    assert quiet(action) == before
    assert delivery.low_water() is None


def test_a_process_that_was_forked_by_an_old_forker_has_old_actions(board: Board) -> None:
    board.file.replaced_actions()
    assert OrdersView(board.path, actions_number=0).actions_were_replaced
    assert not OrdersView(board.path).actions_were_replaced
