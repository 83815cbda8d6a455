"""Where the coroutines of async handlers run: one event loop in its own thread, shared by all calls."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from record_processor.actions.handlers.awaitables import answer_of
from record_processor.errors import ActionError
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from record_processor.actions.handlers.deadline import Deadline

log = Log("actions.python")


class HandlerTimeoutError(ActionError):
    """A call took longer than its timeout and was cancelled."""


class EventLoop:
    """Starts with the first coroutine, so a process whose handlers are plain functions has none.

    There is one for all actions of a process: what belongs to a loop (a client, a lock) may be shared between their
    handlers.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._users = 0

    def open(self) -> None:
        """Register one more action that may have coroutines; `close` must follow."""
        with self._lock:
            self._users += 1

    def run(self, awaitable: Awaitable[Any], deadline: Deadline) -> Any:
        """Wait for the result of what a handler returned.

        A coroutine that is not finished at its deadline is cancelled. One that cannot be cancelled (it blocks the loop)
        is waited for; whoever watches the call ends the process.

        Raises:
            HandlerTimeoutError: it was cancelled.
            BaseException: whatever the coroutine raised.
        """
        coroutine = _outcome(awaitable, deadline.remaining_seconds())
        result, error = asyncio.run_coroutine_threadsafe(coroutine, self._running()).result()
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """End the loop and its thread once no action is left."""
        with self._lock:
            self._users -= 1
            if self._loop is None or self._users > 0:
                return
            self._closing = True
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop, self._closing = None, False

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._serve, args=(self._loop,), name="event-loop", daemon=True)
                self._thread.start()
            return self._loop

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run the loop until it is closed; a handler's task that calls sys.exit must not stop the others."""
        while not self._closing:
            try:
                loop.run_forever()
            except BaseException as error:  # asyncio lets SystemExit and KeyboardInterrupt escape from a task
                log.error("handler.task_failed", f"a task of a handler raised {type(error).__name__}", exception=error)


shared = EventLoop()
"""The loop of this process."""


async def _outcome(awaitable: Awaitable[Any], seconds: float | None) -> tuple[Any, BaseException | None]:
    task = asyncio.ensure_future(_caught(awaitable))
    await asyncio.wait({task}, timeout=seconds)
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.wait({task})
    # Whatever it made of the cancellation: it was cut off, so nobody knows what it has done.
    return None, HandlerTimeoutError("the handler took longer than its timeout, and was cancelled")


async def _caught(awaitable: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """Return the result or the error.

    Without this, asyncio would let some errors out of the loop, and treat others as a cancelled task.
    """
    try:
        return await answer_of(awaitable), None
    except BaseException as error:
        return None, error
