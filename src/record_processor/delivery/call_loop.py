"""One thread of an action: it takes batches, calls the action, and sees to it that every record comes to an end."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.delivery import verdict
from record_processor.delivery.backoff import delay
from record_processor.delivery.suspects import parts_of
from record_processor.delivery.verdict import Judged, Verdict
from record_processor.errors import ActionError, BrokenError, LeaseLostError, StopRequestedError, described
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections import deque
    from contextlib import AbstractContextManager

    from record_processor.delivery.batch_queue import BatchQueue
    from record_processor.delivery.blocked import Blocked
    from record_processor.delivery.counts import ActionCounts
    from record_processor.delivery.dead_letter_writer import DeadLetterWriter
    from record_processor.delivery.fence import Fence
    from record_processor.delivery.low_water_mark import Ticket
    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.delivery.retry_policy import Decision, RetryPolicy
    from record_processor.delivery.suspects import Suspects
    from record_processor.delivery.trials import Slot
    from record_processor.plugin.action import Action

log = Log("worker.delivery")

_REPORT_SECONDS = 0.02
_AT_ONCE: AbstractContextManager[None] = nullcontext()
# A server's Retry-After is obeyed up to this.
_LONGEST_RETRY_AFTER_SECONDS = 3600.0


class Tools(NamedTuple):
    """What all lanes of an action share."""

    action: Action[Any]
    queue: BatchQueue
    counts: ActionCounts
    fence: Fence
    policy: RetryPolicy
    dead_letters: DeadLetterWriter | None
    suspects: Suspects
    blocked: Blocked
    quietly_done: deque[Ticket]
    """Done, and not reported yet."""


class CallLoop:
    """Lives as long as the shard; nothing of an item begins here before all that was taken of it is through."""

    def __init__(self, tools: Tools, slot: Slot) -> None:
        self.current: PendingRecord | None = None
        """The first record of what it is at; None: it waits for work."""
        self.called_at: float | None = None
        """When the call began that is running (seconds since the epoch); None: it is between calls."""
        self.thread_id = 0
        self._action, self._queue, self._counts, self._fence, self._policy, self._dead_letters = tools[:6]
        self._suspects, self._blocked, self._quietly_done = tools[6:]
        self._slot = slot
        self._note_one = slot.note_one
        self._call = tools.action.deliver
        self._one_by_one = tools.action.batch_size == 1

    def work(self) -> None:
        """Until the queue is closed, the lease lost, or a stop asked for."""
        self.thread_id = self._slot.thread_id = threading.get_ident()
        try:
            while (taken := self._queue.take()) is not None:
                self.current = taken[0]
                if self._one_by_one:
                    self._deliver_one_by_one(taken)
                else:
                    self._deliver_parts(parts_of(taken) if self._suspects.any else [taken])
                self._slot.clear()
                self.current = None
                # Only now: until every part of it is done, nothing of the same items may begin.
                self._queue.finished(taken)
        except (LeaseLostError, StopRequestedError, BrokenError):
            # The batch is not done, and its keys stay taken, so nothing of its items begins in another thread.
            self._slot.clear()
            self.current = None
        except BaseException as error:  # a defect of ours: the shard must not stand still without a word
            name = self._action.settings.name
            log.error("delivery.broken", f"a worker of {name} ended: {described(error)}", exception=error, action=name)
            self._fence.abandon(f"a worker of {name} ended: {described(error)}")

    def _deliver_one_by_one(self, taken: list[PendingRecord]) -> None:
        """The short way for calls of one record: while all goes well, what is done is reported once in a while."""
        report_at = 0.0
        special = self._policy.looks_at_age
        try:
            for entry in taken:
                self.current = entry
                if special or entry.broken is not None or self._suspects.any:
                    self._report()
                    self._deliver_parts([[entry]])
                    continue
                judged = self._attempt_first(entry)
                if judged is not None:
                    self._report()
                    self._deliver_parts(self._follow(self._policy.after(judged)))
                    continue
                self._quietly_done.append(entry.ticket)
                if entry.last_attempt is not None and entry.last_attempt > report_at:
                    self._report()
                    report_at = entry.last_attempt + _REPORT_SECONDS
        finally:
            self._report()

    def _deliver_parts(self, parts: list[list[PendingRecord]]) -> None:
        """Work until every entry is done. Parts run one after another, so items keep their order among them."""
        parts.reverse()
        while parts:
            part = self._without_hopeless(parts.pop())
            if part:
                judged = self._attempt(part)
                if judged is None:
                    self._finish(part)
                else:
                    parts += reversed(self._follow(self._policy.after(judged)))

    def _attempt_first(self, entry: PendingRecord) -> list[Judged] | None:
        """`_attempt` without what a single record that was never tried has no need of."""
        self._fence.check()
        now = entry.first_attempt = entry.last_attempt = self.called_at = time.time()
        ticket = entry.ticket
        ticket.began = ticket.began or now
        self._note_one(ticket.sequence_number)
        try:
            self._call([entry.record])
        except BaseException as error:
            return self._judged([entry], error)
        return None

    def _attempt(self, part: list[PendingRecord]) -> list[Judged] | None:
        """Call the action once; None where all is done."""
        self._fence.check()
        now = time.time()
        for entry in part:
            entry.first_attempt = entry.first_attempt or now
            entry.last_attempt = now
            entry.ticket.began = entry.ticket.began or now
        try:
            with self._turn(part) if self._suspects.any else _AT_ONCE:
                # From here until the slot is cleared, or noted in again, a death is perhaps these records' doing.
                self._slot.note(part)
                self.called_at = now
                self._call([entry.record for entry in part])
        except BaseException as error:
            return self._judged(part, error)
        self.called_at = None
        return None

    def _judged(self, part: list[PendingRecord], error: BaseException) -> list[Judged]:
        """Whatever a handler raises, sys.exit too, says that it has failed, no more."""
        self.called_at = None
        if isinstance(error, (LeaseLostError, StopRequestedError, BrokenError)):
            raise error
        self._slot.clear()
        # Also in a process that a handler forked, and whose sys.exit comes to here: it has no lease.
        self._fence.check_not_lost()
        return verdict.of_error(part, error)

    def _turn(self, part: list[PendingRecord]) -> AbstractContextManager[None]:
        """While there are suspects, they are tried one at a time, and alone."""
        self._slot.clear()  # of what was done before: it is not what dies while this one waits
        if part[0].suspicion is not None:
            return self._suspects.alone(part, self._fence, self._slot)
        return self._suspects.beside(self._fence)

    def _follow(self, decision: Decision) -> list[list[PendingRecord]]:
        """Do what was decided; the parts still to be delivered, after the waiting time that they call for."""
        self._finish(decision.done)
        if decision.dead:
            self._bury(decision.dead)
        if decision.blamed:
            self._wait(decision.blamed)
        return decision.again

    def _without_hopeless(self, part: list[PendingRecord]) -> list[PendingRecord]:
        """The entries that may be tried; the others become dead letters, or else hold the rest up."""
        now = time.time()
        hopeless = [
            Judged(entry, Verdict.DEAD, error)
            for entry in part
            if (error := self._policy.hopeless(entry, now)) is not None
        ]
        if not hopeless:
            return part
        if self._dead_letters is not None:
            self._bury(hopeless)
            gone = {id(one.entry) for one in hopeless}
            return [entry for entry in part if id(entry) not in gone]
        # Nowhere to put it: the part goes as far as the broken record, and there the shard waits.
        self._deliver_parts([part[: part.index(hopeless[0].entry)]])
        while True:
            self._fence.check()
            hopeless[0].entry.attempts += 1
            self._wait(hopeless[:1])

    def _bury(self, dead: list[Judged]) -> None:
        assert self._dead_letters is not None  # noqa: S101 - the policy gives up only where there are some
        self._dead_letters.store(dead)
        self._finish([one.entry for one in dead], dead=True)

    def _finish(self, entries: list[PendingRecord], dead: bool = False) -> None:
        if entries:
            self._counts.done([entry.ticket for entry in entries], dead)
            if self._suspects.any:
                self._suspects.clear(self._action.settings.name, entries)

    def _report(self) -> None:
        report(self._quietly_done, self._counts)

    def _wait(self, failed: list[Judged]) -> None:
        asked_for = min(max(map(_retry_after_seconds, failed)), _LONGEST_RETRY_AFTER_SECONDS)
        seconds = max(delay(failed[0].entry.attempts), asked_for)
        self._blocked.say(failed, seconds)
        self._fence.sleep(seconds)


def report(quietly_done: deque[Ticket], counts: ActionCounts) -> None:
    """Report what is done. Popping is atomic, so whoever comes first reports."""
    done: list[Ticket] = []
    try:
        while True:
            done.append(quietly_done.popleft())
    except IndexError:
        if done:
            counts.done(done)


def _retry_after_seconds(one: Judged) -> float:
    return one.error.retry_after_seconds if isinstance(one.error, ActionError) else 0.0
