"""What a handler may return instead of a result: anything that has to be awaited."""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import Future
from typing import Any


def is_awaitable(answer: Any) -> bool:
    """Return whether the result is still to come: a coroutine, a task, a future, or anything with an `__await__`."""
    return inspect.isawaitable(answer) or isinstance(answer, Future)


async def answer_of(awaitable: Any) -> Any:
    """Await it in the running loop, and also its result if that is awaitable."""
    answer = awaitable
    while is_awaitable(answer):
        answer = await (_from_elsewhere(answer) if _is_elsewhere(answer) else answer)
    return answer


def _is_elsewhere(answer: Any) -> bool:
    """Return whether it belongs to an executor, or to an event loop of the handler's own."""
    if isinstance(answer, Future):
        return True
    return asyncio.isfuture(answer) and answer.get_loop() is not asyncio.get_running_loop()


async def _from_elsewhere(future: Any) -> Any:
    if isinstance(future, Future):
        return await asyncio.wrap_future(future)
    if future.done():
        return future.result()
    if not future.get_loop().is_running():
        raise RuntimeError(
            "the handler returned a future of an event loop that is not running, so it can never complete"
        )
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answer_of(future), future.get_loop()))
