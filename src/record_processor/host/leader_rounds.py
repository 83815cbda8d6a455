"""What one worker of an application does for all of them, every few minutes: the one that has KCL's leader lock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from record_processor.errors import SetupError
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = Log("daemon.reports")

ROUND_SECONDS = 300.0


class LeaderRounds:
    """Runs the same tasks in each round. A task that cannot reach its tables is left to the next one."""

    def __init__(self, is_leader: Callable[[], bool], tasks: Sequence[Callable[[], None]]) -> None:
        self._is_leader = is_leader
        self._tasks = tasks
        self._last = time.monotonic()

    def run_if_due(self) -> None:
        if time.monotonic() - self._last < ROUND_SECONDS:
            return
        self._last = time.monotonic()
        try:
            if self._is_leader():
                for task in self._tasks:
                    task()
        except SetupError as error:
            log.debug("report.not_written", f"the leader's round is left out: {error}")
