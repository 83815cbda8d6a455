"""Threads that a handler starts belong to its call: what they log and print says which call it was.

A new thread does not inherit the context of the thread that starts it, so the two ways to pass work to a thread are
changed to pass on the call. Nothing else of the context is passed on: a handler's own context variables behave as
always.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from record_processor.logs.log_events import in_call

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from record_processor.logs.log_events import Call

_start = threading.Thread.start
_submit = ThreadPoolExecutor.submit


def belong_to_calls() -> None:
    """Pass calls on to threads from now on, in all of this process."""
    threading.Thread.start = _start_in_call  # type: ignore[method-assign,assignment]
    ThreadPoolExecutor.submit = _submit_in_call  # type: ignore[method-assign,assignment]


def _start_in_call(thread: threading.Thread) -> None:
    if (call := in_call.get()) is not None:
        thread.run = _within(call, thread.run)  # type: ignore[method-assign]
    _start(thread)


def _submit_in_call(pool: ThreadPoolExecutor, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
    # Even without a call: a pool's thread may have been started in one, and works for all later calls.
    return _submit(pool, _within(in_call.get(), work), *args, **named)


def _within(call: Call | None, work: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **named: Any) -> Any:
        token = in_call.set(call)
        try:
            return work(*args, **named)
        finally:
            in_call.reset(token)

    return run
