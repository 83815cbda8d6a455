"""Calls that do not come to an end: a hanging call logs nothing itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from record_processor.delivery.blocks import Block
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Iterable

    from record_processor.delivery.action_runner import RunningCall

log = Log("worker.delivery")

SLOW_SECONDS = 10.0
LOG_INTERVAL_SECONDS = 30.0
"""A call is slow after the first, and is reported in the interval of the second."""


class SlowCalls:
    """Logs them, once in a while per action."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def say(self, calls: Iterable[RunningCall], pending: int) -> None:
        now = time.monotonic()
        for call in calls:
            if call.seconds > SLOW_SECONDS and now - self._said.get(call.action, 0.0) > LOG_INTERVAL_SECONDS:
                self._said[call.action] = now
                _say(call, pending)


def blocks_of(calls: Iterable[RunningCall]) -> list[Block]:
    """Return what those that are slow block."""
    return [
        Block(
            call.action,
            f"the call has not returned for {call.seconds:.0f} s",
            call.record.sequence_number,
            since=time.time() - call.seconds,
            attempts=call.attempts,
        )
        for call in calls
        if call.seconds > SLOW_SECONDS
    ]


def _say(call: RunningCall, pending: int) -> None:
    log.warning(
        "delivery.slow",
        f"{call.action} has been in the same call for {call.seconds:.0f} s",
        **call.fields(),
        where=_where(call.thread_id),
        pending=pending,
    )


def _where(thread_id: int) -> str | None:
    from record_processor.logs.positions import position  # imported only now: few shards ever need it

    return position(thread_id)
