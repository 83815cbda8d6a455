"""Calls of handlers: how long they may take, where they are, and what happens with whatever they raise."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.handlers.deadline import Deadline
from record_processor.actions.handlers.event_loop import HandlerTimeoutError
from record_processor.actions.handlers.handler_call import running
from record_processor.actions.python import PythonAction, PythonSettings
from record_processor.config.units import Duration
from record_processor.records.stream import Shard
from record_processor.system import process_end
from tests.builders import STREAM, change_record
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

go_on = threading.Event()
begun = threading.Event()
never = threading.Event()
cancelled = threading.Event()
raises: list[BaseException] = []


def hang(_event: Any, _context: Any) -> None:
    go_on.wait(30)


async def hang_async(_event: Any, _context: Any) -> None:
    begun.set()
    try:
        await asyncio.sleep(30)
    finally:
        cancelled.set()


async def hang_in_the_loop(_event: Any, _context: Any) -> None:
    go_on.wait(30)


async def raise_async(_event: Any, _context: Any) -> None:
    await asyncio.sleep(0)
    raise raises[0]


async def raise_in_a_task(_event: Any, _context: Any) -> None:
    task = asyncio.ensure_future(raise_async(None, None))
    await task


async def succeed_async(_event: Any, _context: Any) -> None:
    await asyncio.sleep(0)


def opened(handler: Any, timeout: float = 900.0) -> PythonAction:
    name = f"{__name__}:{handler.__name__}"
    action = PythonAction(PythonSettings(name="orders", type="python", handler=name, timeout=Duration(timeout)))
    action.open(Shard("shardId-1", STREAM))
    return action


def in_a_thread(action: PythonAction) -> threading.Thread:
    thread = threading.Thread(target=action.deliver, args=([change_record()],), daemon=True)
    thread.start()
    return thread


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The statuses that the process would have ended with."""
    statuses: list[int] = []
    go_on.clear()

    def end(status: int, _thread_id: int, say: Callable[[], None]) -> None:
        say()
        statuses.append(status)
        never.wait()  # as the real one, it does not return

    monkeypatch.setattr(process_end, "end", end)
    yield statuses
    go_on.set()
    # Before the watch over a call that still runs could end this process in earnest.
    wait_for(lambda: not running, "the end of every call", 10)


def test_a_call_that_passes_its_timeout_ends_the_process_and_says_where_the_handler_is(
    ended: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    thread = in_a_thread(opened(hang, timeout=0.05))
    wait_for(lambda: ended[:1] == [process_end.CALL_TIMEOUT], "the end", seconds=5)
    fields: dict[str, Any] = caplog.records[0].__dict__["record_processor_fields"]
    assert f"{__file__}:" in fields["where"] and fields["where"].endswith(" in hang")
    assert fields["event_ids"] == [change_record().event_id]
    assert (fields["action"], fields["sequence_number"]) == ("orders", change_record().sequence_number)
    assert "go_on.wait(30)" in fields["stack"]
    go_on.set()
    thread.join(5)


def test_a_call_without_a_timeout_may_hang(ended: list[int]) -> None:
    thread = in_a_thread(opened(hang, timeout=0))
    wait_for(lambda: running, "the call")
    assert thread.is_alive() and ended == []
    go_on.set()
    thread.join(5)


def test_an_async_call_is_cancelled_at_its_timeout_and_has_only_failed(ended: list[int]) -> None:
    action = opened(hang_async, timeout=0.05)
    with pytest.raises(HandlerTimeoutError):
        action.deliver([change_record()])
    assert cancelled.is_set()
    assert ended == []
    action.close()


def test_an_async_call_that_blocks_the_loop_ends_the_process(ended: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("record_processor.actions.handlers.handler_call._YIELD_SECONDS", 0.05)
    thread = in_a_thread(opened(hang_in_the_loop, timeout=0.05))
    wait_for(lambda: ended[:1] == [process_end.CALL_TIMEOUT], "the end", seconds=5)
    go_on.set()
    thread.join(5)


@pytest.mark.parametrize("handler", [raise_async, raise_in_a_task])
@pytest.mark.parametrize(
    "error", [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(), ValueError("x")]
)
def test_whatever_an_async_handler_raises_comes_out_of_its_call_alone(handler: Any, error: BaseException) -> None:
    raises[:] = [error]
    action = opened(handler)
    for _ in range(2):
        with pytest.raises(type(error)):
            action.deliver([change_record()])
    action._handler = succeed_async
    action.deliver([change_record()])
    action.close()


def test_where_an_async_handler_waits_is_known() -> None:
    begun.clear()
    action = opened(hang_async, timeout=0)
    in_a_thread(action)
    assert begun.wait(5)
    wait_for(lambda: running, "the call")
    (call,) = running.values()
    wait_for(lambda: (call.where() or "").endswith(" in hang_async"), "the line where it waits", seconds=5)
    action.close()


def test_what_is_left_of_a_deadline_never_goes_below_zero() -> None:
    assert 800_000 < Deadline(900).remaining_millis() <= 900_000
    passed = Deadline(1e-9)
    time.sleep(0.001)
    assert (passed.remaining_millis(), passed.remaining_seconds()) == (0, 0.0)
    assert Deadline(0).remaining_millis() == 900_000
    assert Deadline(None).remaining_seconds() is None
