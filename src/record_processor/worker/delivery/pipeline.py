"""One action on one shard: its workers, and what they do about failures."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.actions.base import ActionError
from record_processor.errors import LeaseLostError, StopRequestedError, described
from record_processor.logs import Log
from record_processor.worker.backoff import delay
from record_processor.worker.delivery import outcome
from record_processor.worker.delivery.queue import BatchQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.actions.base import Action
    from record_processor.worker.delivery.dead import DeadLetters
    from record_processor.worker.delivery.entry import Entry
    from record_processor.worker.delivery.gate import Gate
    from record_processor.worker.delivery.outcome import Failed, Outcome
    from record_processor.worker.delivery.progress import Progress, Ticket
    from record_processor.worker.records import ChangeRecord

log = Log("worker.delivery")


# How many batches of one a lane takes at once: few, so that a slow action does not hold much.
_RUN = 32
_REPORT_SECONDS = 0.02
# A server's Retry-After is obeyed up to this.
_LONGEST_RETRY_AFTER_SECONDS = 3600.0


class RecordExpired(Exception):  # noqa: N818 - a fact about a record, written into its dead letter
    """The change is older than the action's `max_age`."""


class RunningCall(NamedTuple):
    """A call of an action, and the first record in it."""

    action: str
    record: ChangeRecord
    attempts: int
    """How often it had failed before."""
    seconds: float
    """How long it has been running."""

    def fields(self) -> dict[str, Any]:
        """For log events."""
        return {
            "action": self.action,
            "event_id": self.record.event_id,
            "sequence_number": self.record.sequence_number,
            "attempts": self.attempts,
            "blocked_seconds": round(self.seconds, 1),
        }


class Pipeline:
    """Takes batches from its queue with as many threads as the action's concurrency allows."""

    def __init__(self, action: Action[Any], progress: Progress, gate: Gate, dead_letters: DeadLetters | None) -> None:
        settings = action.settings
        self.action = action
        self.ordered_as_a_whole = settings.concurrency == 1
        self._call = action.deliver
        self._progress = progress
        self._gate = gate
        self._dead_letters = dead_letters
        self._retry = settings.retry
        self._size = action.batch_size
        # With one lane, the lane takes several batches of one at a time: the lock is what they would wait for.
        several = _RUN if self._size == 1 and self.ordered_as_a_whole else self._size
        self._queue = BatchQueue(several, settings.batch.size_bytes, action.window_seconds)
        self._threads: list[threading.Thread] = []
        self._busy: dict[int, Entry] = {}
        """By thread: the first entry of what it is at."""
        self._quietly_done: deque[Ticket] = deque()
        """Done, and not reported yet; appending and popping are atomic, so whoever comes first reports."""

    def put(self, entries: Sequence[Entry]) -> None:
        self._queue.put(entries)
        wanted = min(self.action.settings.concurrency, len(self._threads) + len(entries))
        for number in range(len(self._threads), wanted):
            name = f"{self.action.settings.name}-{number}"
            # A daemon: a handler that hangs must not keep alive a process that has lost its lease.
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def flush(self) -> None:
        """Send held batches without waiting for their windows."""
        self._queue.flush()

    def close(self) -> None:
        self._queue.close()

    @property
    def busy(self) -> bool:
        return bool(self._busy)

    def running(self) -> list[RunningCall]:
        """The calls that are running."""
        now, name = time.time(), self.action.settings.name
        return [
            RunningCall(name, entry.record, entry.attempts, now - (entry.last_attempt or now))
            for entry in list(self._busy.values())
        ]

    def oldest_work(self) -> Entry | None:
        """The first entry of the call that has been running longest."""
        running = [entry for entry in list(self._busy.values()) if entry.last_attempt is not None]
        return min(running, key=lambda entry: entry.last_attempt or 0.0, default=None)

    def report(self) -> None:
        """Report what is done, now: a call that hangs must not keep back those before it."""
        done: list[Ticket] = []
        with contextlib.suppress(IndexError):
            while True:
                done.append(self._quietly_done.popleft())
        if done:
            self._progress.done(done)

    def _work(self) -> None:
        me = threading.get_ident()
        try:
            while (taken := self._queue.take()) is not None:
                self._busy[me] = taken[0]
                if self._size == 1:
                    self._deliver_one_by_one(taken, me)
                else:
                    self._deliver_parts([taken])
                self._busy.pop(me, None)
                # Only now: until every part of it is done, nothing of the same items may begin.
                self._queue.finished(taken)
        except (LeaseLostError, StopRequestedError):
            # The batch is not done, and its keys stay taken, so nothing of its items begins in another thread.
            self._busy.pop(me, None)
        except BaseException as error:  # a defect of ours: the shard must not stand still without a word
            log.error("delivery.broken", f"a worker of {self.action.settings.name} ended: {error}", exception=error)
            self._gate.abandon()

    def _deliver_one_by_one(self, taken: list[Entry], me: int) -> None:
        """The short way for calls of one record: while all goes well, what is done is reported once in a while."""
        report_at = 0.0
        try:
            for entry in taken:
                self._busy[me] = entry
                failed = None
                if entry.broken is not None or self._retry.max_age is not None or (failed := self._attempt([entry])):
                    self.report()
                    self._deliver_parts(self._what_next([entry], failed) if failed else [[entry]])
                    continue
                self._quietly_done.append(entry.ticket)
                if entry.last_attempt is not None and entry.last_attempt > report_at:
                    self.report()
                    report_at = entry.last_attempt + _REPORT_SECONDS
        finally:
            self.report()

    def _deliver_parts(self, parts: list[list[Entry]]) -> None:
        """Work until every entry is done. Parts run one after another, so items keep their order among them."""
        parts.reverse()
        while parts:
            part = self._without_hopeless(parts.pop())
            if not part:
                continue
            result = self._attempt(part)
            if result is None:
                self._finish(part)
            else:
                self._finish(result.done)
                parts += reversed(self._what_next(part, result))

    def _attempt(self, part: list[Entry]) -> Outcome | None:
        """Call the action once; None where all is done."""
        self._gate.check()
        now = time.time()
        records = []
        for entry in part:
            entry.first_attempt = entry.first_attempt or now
            entry.last_attempt = now
            records.append(entry.record)
        try:
            self._call(records)
        except BaseException as error:  # whatever a handler raises, sys.exit too, says that it has failed, no more
            return outcome.of_error(part, error)
        return None

    def _what_next(self, part: list[Entry], result: Outcome) -> list[list[Entry]]:
        """The parts still to be delivered, in order, after the waiting time that they call for."""
        if not result.failed:
            return []
        if self._bisects(part, result):
            # Splitting is no attempt of any record's, as in Lambda: the culprit is not known yet.
            failed = [failure.entry for failure in result.failed]
            return [failed[: len(failed) // 2], failed[len(failed) // 2 :]]
        for failure in result.failed:
            failure.entry.attempts += failure.tried
        again = self._given_up(result.failed)
        if not again:
            return []
        tried = [failure for failure in again if failure.tried]
        if tried:
            self._wait(tried)
        return [[failure.entry for failure in again]]

    def _bisects(self, part: list[Entry], result: Outcome) -> bool:
        return self.action.settings.bisect_on_error and len(part) > 1 and len(result.failed) > 1

    def _given_up(self, failed: list[Failed]) -> list[Failed]:
        """Send what cannot be helped any more to the dead letters; what is left comes again."""
        if self._dead_letters is None:
            return failed
        hopeless: list[Failed] = []
        again: list[Failed] = []
        for failure in failed:
            given_up = failure.tried and (failure.permanent or self._exhausted(failure.entry))
            (hopeless if given_up else again).append(failure)
        if hopeless:
            self._dead_letters.store(hopeless)
            self._finish([failure.entry for failure in hopeless])
        return again

    def _exhausted(self, entry: Entry) -> bool:
        return self._retry.max_attempts is not None and entry.attempts >= self._retry.max_attempts

    def _without_hopeless(self, part: list[Entry]) -> list[Entry]:
        """The entries that may be tried. Broken and expired ones become dead letters, or else hold the rest up."""
        if self._retry.max_age is None and not any(entry.broken for entry in part):
            return part
        for attempts in range(1, 1 << 62):
            hopeless = [outcome.Failed(entry, error) for entry in part if (error := self._fate(entry)) is not None]
            if not hopeless:
                return part
            if self._dead_letters is not None:
                self._dead_letters.store(hopeless)
                self._finish([failure.entry for failure in hopeless])
                gone = {id(failure.entry) for failure in hopeless}
                return [entry for entry in part if id(entry) not in gone]
            # Nowhere to put it: the part goes as far as the broken record, and there the shard waits.
            position = part.index(hopeless[0].entry)
            if position:
                self._deliver_parts([part[:position]])
                part = part[position:]
            self._gate.check()
            hopeless[0].entry.attempts = attempts
            self._wait(hopeless[:1])
        raise AssertionError("not reached")

    def _fate(self, entry: Entry) -> Exception | None:
        if entry.broken is not None:
            return entry.broken
        limit = self._retry.max_age
        if limit is not None and time.time() - entry.record.created_at_millis / 1000 > limit:
            return RecordExpired(f"the change is older than max_age, {limit:g} s")
        return None

    def _finish(self, entries: list[Entry]) -> None:
        if entries:
            self._progress.done([entry.ticket for entry in entries])

    def _wait(self, failed: list[Failed]) -> None:
        first = failed[0]
        asked_for = min(max(map(_retry_after_seconds, failed)), _LONGEST_RETRY_AFTER_SECONDS)
        seconds = max(delay(first.entry.attempts), asked_for)
        log.error(
            "delivery.blocked",
            f"{self.action.settings.name} failed: {described(first.error)}",
            # Once is enough for the traceback; after that it only hides the other lines.
            exception=None if first.entry.attempts > 1 or isinstance(first.error, ActionError) else first.error,
            action=self.action.settings.name,
            sequence_number=first.entry.record.sequence_number,
            records=len(failed),
            attempts=first.entry.attempts,
            next_try_seconds=round(seconds, 1),
            blocked_seconds=round(time.time() - (first.entry.first_attempt or time.time()), 1),
        )
        self._gate.sleep(seconds)


def _retry_after_seconds(failure: Failed) -> float:
    return failure.error.retry_after_seconds if isinstance(failure.error, ActionError) else 0.0
