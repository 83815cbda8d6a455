"""One action on one shard: its queue, and as many concurrent calls as its settings allow."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.delivery.admission import Admission
from record_processor.delivery.batch_queue import BatchQueue
from record_processor.delivery.blocked import Blocked
from record_processor.delivery.call_loop import CallLoop, Tools, report
from record_processor.delivery.counts import ActionCounts
from record_processor.delivery.outcomes import Outcomes
from record_processor.delivery.retry_policy import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from record_processor.delivery.call_spans import CallSpans
    from record_processor.delivery.dead_letter_writer import DeadLetterWriter
    from record_processor.delivery.low_water_mark import LowWaterMark, Ticket
    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.delivery.shard_report import ShardReport
    from record_processor.delivery.steering import ActionFence
    from record_processor.delivery.suspects import Suspects
    from record_processor.delivery.trials import Trials
    from record_processor.plugin.action import Action
    from record_processor.records.change_record import ChangeRecord

# How many batches of one record a thread takes at once: few, so that a slow action does not hold many.
_RUN = 32


class RunningCall(NamedTuple):
    """A call of an action, and the first record in it."""

    action: str
    record: ChangeRecord
    attempts: int
    """How often it had failed before this call."""
    seconds: float
    """How long it has been running."""
    thread_id: int

    def fields(self) -> dict[str, Any]:
        """Return the fields for log events."""
        return {
            "action": self.action,
            "event_id": self.record.event_id,
            "sequence_number": self.record.sequence_number,
            "attempts": self.attempts,
            "blocked_seconds": round(self.seconds, 1),
        }


class ActionRunner:
    """Takes the records of one action from the shard until they are done."""

    def __init__(
        self,
        action: Action[Any],
        mark: LowWaterMark,
        fence: ActionFence,
        dead_letters: DeadLetterWriter | None,
        letters_of_skipped: Callable[[], DeadLetterWriter],
        suspects: Suspects,
        trials: Trials,
        report: ShardReport,
        spans: CallSpans | None,
    ) -> None:
        settings = action.settings
        self.action = action
        self.ordered_as_a_whole = settings.concurrency == 1
        self.counts = ActionCounts(settings.name, mark, report.counters(settings.name))
        self._trials = trials
        # With concurrency 1 and batch size 1 the queue's lock dominates, so the thread takes several records per
        # acquisition and still delivers one per call.
        several = _RUN if action.batch_size == 1 and self.ordered_as_a_whole else action.batch_size
        self._queue = BatchQueue(several, settings.batch.size_bytes, action.window_seconds)
        self._quietly_done: deque[Ticket] = deque()
        policy = RetryPolicy(settings)
        place = None if dead_letters is None else dead_letters.place
        blocked = Blocked(settings.name, mark, policy.remedy(), place, report.blocks)
        outcomes = Outcomes(self.counts, fence, policy, dead_letters, suspects, blocked, letters_of_skipped)
        admission = Admission(settings, policy)
        self._tools = Tools(
            action, self._queue, self.counts, fence, suspects, admission, outcomes, self._quietly_done, spans
        )
        self._call_loops: list[CallLoop] = []

    def put(self, entries: Sequence[PendingRecord]) -> None:
        self._queue.put(entries)
        settings = self.action.settings
        wanted = min(settings.concurrency, len(self._call_loops) + len(entries))
        for number in range(len(self._call_loops), wanted):
            call_loop = CallLoop(self._tools, self._trials.slot(settings.name, number))
            self._call_loops.append(call_loop)
            # A daemon: a hanging handler must not keep a process alive that has lost its lease.
            threading.Thread(target=call_loop.work, name=f"{settings.name}-{number}", daemon=True).start()

    def flush(self) -> None:
        """Send held batches without waiting for their windows."""
        self._queue.flush()

    def close(self) -> None:
        self._queue.close()

    @property
    def busy(self) -> bool:
        return any(call_loop.current is not None for call_loop in self._call_loops)

    def running(self) -> list[RunningCall]:
        """Return the running calls, the longest first."""
        now, name = time.time(), self.action.settings.name
        calls = [
            RunningCall(name, entry.record, entry.attempts, now - begun, call_loop.thread_id)
            for call_loop in self._call_loops
            if (begun := call_loop.called_at) is not None and (entry := call_loop.current) is not None
        ]
        return sorted(calls, key=lambda call: -call.seconds)

    def report(self) -> None:
        """Report what is done now: a hanging call must not delay the report of those before it."""
        report(self._quietly_done, self.counts)
