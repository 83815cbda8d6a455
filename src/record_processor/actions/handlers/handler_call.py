"""The running calls of handlers: what each is working on, how long it may take, and where it is."""

from __future__ import annotations

import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from record_processor.actions.handlers.deadline import Deadline
from record_processor.logs import log_events, standard_streams
from record_processor.logs.log_events import Call, in_call
from record_processor.logs.positions import is_library, named, where

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextvars import Token
    from types import FrameType

    from record_processor.records.change_record import ChangeRecord

# A coroutine is cancelled at its deadline, and has this long to clean up.
_YIELD_SECONDS = 5.0


class HandlerCall(Deadline):
    """One call, from its beginning to its end, in the thread that waits for it, with its own deadline."""

    token: Token[Call | None]

    __slots__ = ("action", "records", "thread_id", "token", "unfinished", "waits_for")

    def __init__(self, action: str, records: Sequence[ChangeRecord], timeout_seconds: float) -> None:
        super().__init__(timeout_seconds)
        self.action = action
        self.records = records
        self.thread_id = threading.get_ident()
        self.unfinished: dict[int, list[str]] | None = {}
        self.waits_for: Any = None
        """The awaitable that an async handler returned."""

    def fields(self) -> dict[str, Any]:
        """Return the fields for log events."""
        first = self.records[0]
        fields: dict[str, Any] = {
            "action": self.action,
            "event_id": first.event_id,
            "sequence_number": first.sequence_number,
        }
        if len(self.records) > 1:
            fields |= {"last_sequence_number": self.records[-1].sequence_number, "records": len(self.records)}
        return fields

    def seconds_left(self) -> float:
        """Seconds until the call can only be ended with its process; negative afterwards."""
        left = self.left_seconds()
        if left is None:
            return float("inf")
        return left if self.waits_for is None else left + _YIELD_SECONDS

    def where(self) -> str | None:
        """Return the line at which the handler is, as `FILE:LINE in FUNCTION`."""
        frame = _suspended(self.waits_for)
        return where(self.thread_id) if frame is None else named(frame)

    def stack(self) -> str:
        """Return the stack of the call's thread, for people; for an async handler the innermost line that it awaits."""
        frame = _suspended(self.waits_for) or sys._current_frames().get(self.thread_id)
        return "".join(traceback.format_stack(frame)) if frame is not None else ""


class HandlerCalls:
    """The running calls of one action, and the watch over them. Thread-safe."""

    def __init__(self, action: str, timeout_seconds: float, overdue: Callable[[HandlerCall], None]) -> None:
        """`overdue` is called, in a thread of the watch, with each call that exceeds its deadline; 0: there is none."""
        self._action = action
        self._timeout_seconds = timeout_seconds
        self._overdue = overdue
        self._watching = False
        self._closed = threading.Event()

    def begin(self, records: Sequence[ChangeRecord]) -> HandlerCall:
        """Start a call in this thread; `end` must follow."""
        if not self._watching and self._timeout_seconds:
            self._watching = True
            threading.Thread(target=self._watch, name=f"{self._action}-watch", daemon=True).start()
        call = HandlerCall(self._action, records, self._timeout_seconds)
        running[call.thread_id] = call
        call.token = in_call.set(call)
        return call

    def end(self, call: HandlerCall) -> None:
        """End the call of this thread: it has returned or raised."""
        if call.unfinished:
            standard_streams.finish(call)
        call.unfinished = None
        in_call.reset(call.token)
        running.pop(call.thread_id, None)

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()

    def _watch(self) -> None:
        # While no call is running, none can be overdue sooner than one timeout from now.
        wait = self._timeout_seconds
        while not self._closed.wait(max(wait, 0.01)):
            wait = self._timeout_seconds
            for call in [call for call in list(running.values()) if call.action == self._action]:
                left = call.seconds_left()
                if left <= 0:
                    self._overdue(call)
                wait = min(wait, max(left, 0))


running: dict[int, HandlerCall] = log_events.running_calls
"""All calls of this process, by the thread that waits for them."""


def _suspended(awaitable: Any) -> FrameType | None:
    """Return the frame at which a coroutine waits: that of the innermost coroutine that it awaits."""
    found: FrameType | None = None
    while awaitable is not None and (frame := getattr(awaitable, "cr_frame", None)) is not None:
        if not is_library(frame) or found is None:
            found = frame
        awaitable = awaitable.cr_await
    return found
