"""One thread of an action: it takes batches, calls the action, and makes sure that every record is dealt with."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.delivery import verdict
from record_processor.delivery.suspects import parts_of
from record_processor.errors import BrokenError, LeaseLostError, NotTriedError, StopRequestedError, described
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections import deque
    from contextlib import AbstractContextManager

    from record_processor.delivery.admission import Admission
    from record_processor.delivery.batch_queue import BatchQueue
    from record_processor.delivery.call_spans import CallSpans
    from record_processor.delivery.counts import ActionCounts
    from record_processor.delivery.low_water_mark import Ticket
    from record_processor.delivery.outcomes import Outcomes, Part
    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.delivery.steering import ActionFence
    from record_processor.delivery.suspects import Suspects
    from record_processor.delivery.trials import Slot
    from record_processor.delivery.verdict import Judged
    from record_processor.plugin.action import Action

log = Log("worker.delivery")

_REPORT_SECONDS = 0.02
_AT_ONCE: AbstractContextManager[None] = nullcontext()


class Tools(NamedTuple):
    """What all threads of an action share."""

    action: Action[Any]
    queue: BatchQueue
    counts: ActionCounts
    fence: ActionFence
    suspects: Suspects
    admission: Admission
    outcomes: Outcomes
    quietly_done: deque[Ticket]
    """Done, but not reported yet."""
    spans: CallSpans | None
    """None: calls are not traced."""


class CallLoop:
    """Lives as long as the shard. It starts nothing of an item before everything that it took of that item is done."""

    def __init__(self, tools: Tools, slot: Slot) -> None:
        self.current: PendingRecord | None = None
        """The first record that it is working on; None: it waits for work."""
        self.called_at: float | None = None
        """When the running call began (seconds since the epoch); None between calls."""
        self.thread_id = 0
        self._action, self._queue, self._counts, self._fence = tools[:4]
        self._suspects, self._admission, self._outcomes, self._quietly_done = tools[4:8]
        self._slot = slot
        self._note_one = slot.note_one
        deliver = tools.action.deliver
        self._call = deliver if tools.spans is None else tools.spans.around(deliver, self._attempts)
        self._one_by_one = tools.action.batch_size == 1
        self._took: list[float] = []
        """How long calls with one record took that are not counted yet, in seconds."""

    def work(self) -> None:
        """Work until the queue is closed, the lease is lost, or a stop is requested."""
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
                # Only now: until every part is done, nothing of the same items may start.
                self._queue.finished(taken)
        except (LeaseLostError, StopRequestedError, BrokenError):
            # The batch is not done, and its keys stay blocked, so no other thread starts anything of its items.
            self._slot.clear()
            self.current = None
        except BaseException as error:  # a bug here: the shard must not stop silently
            name = self._action.settings.name
            log.error("delivery.broken", f"a thread of {name} ended: {described(error)}", exception=error, action=name)
            self._fence.shard.abandon(f"a thread of {name} ended: {described(error)}")

    def _deliver_one_by_one(self, taken: list[PendingRecord]) -> None:
        """Deliver single records quickly: while calls succeed, completed records are reported only now and then."""
        report_at = 0.0
        special = self._admission.looks_at_age
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
                    self._deliver_parts(self._outcomes.follow(judged))
                    continue
                self._quietly_done.append(entry.ticket)
                if entry.last_attempt is not None and entry.last_attempt > report_at:
                    self._report()
                    report_at = entry.last_attempt + _REPORT_SECONDS
        finally:
            self._report()

    def _deliver_parts(self, parts: list[Part]) -> None:
        """Work until every entry is done. Parts run one after another, so items keep their order across parts."""
        parts.reverse()
        while parts:
            part = parts.pop()
            if (left := self._outcomes.skip(part)) is not None:
                parts += reversed(left)
            elif not self._fence.may_begin():
                self._rest()
                parts.append(part)
            elif refused := self._admission.refused(part, time.time()):
                parts += reversed(self._outcomes.refuse(part, refused))
            elif (judged := self._attempt(part)) is None:
                self._outcomes.finish(part)
            else:
                parts += reversed(self._outcomes.follow(judged))

    def _attempt_first(self, entry: PendingRecord) -> list[Judged] | None:
        """Do what `_attempt` does, without the steps that a single, never tried record does not need."""
        while not self._fence.may_begin():
            self._rest()
        self.current = entry
        now = entry.first_attempt = entry.last_attempt = self.called_at = time.time()
        ticket = entry.ticket
        ticket.began = ticket.began or now
        self._note_one(ticket.sequence_number)
        begun = time.monotonic()
        try:
            self._call([entry.record])
        except BaseException as error:
            return self._judged([entry], error, begun)
        self._took.append(time.monotonic() - begun)
        return None

    def _attempt(self, part: Part) -> list[Judged] | None:
        """Call the action once; None if everything is done."""
        self.current = part[0]
        now, begun = time.time(), time.monotonic()
        for entry in part:
            entry.first_attempt = entry.first_attempt or now
            entry.last_attempt = now
            entry.ticket.began = entry.ticket.began or now
        try:
            with self._turn(part) if self._suspects.any else _AT_ONCE:
                if self._fence.is_paused:  # since it waited for its turn
                    raise NotTriedError
                # From here until the slot is cleared or overwritten, these records may be the cause if the process
                # dies.
                self._slot.note(part)
                self.called_at, begun = now, time.monotonic()
                self._call([entry.record for entry in part])
        except BaseException as error:
            return self._judged(part, error, begun)
        self._counts.called(len(part), [time.monotonic() - begun])
        self.called_at = None
        return None

    def _attempts(self) -> int:
        """Return how often the call that is about to start had failed before."""
        return 0 if self.current is None else self.current.attempts

    def _judged(self, part: Part, error: BaseException, begun: float) -> list[Judged]:
        """Whatever a handler raises, even SystemExit, means that the call failed, and nothing more."""
        self.called_at = None
        if isinstance(error, (LeaseLostError, StopRequestedError, BrokenError)):
            raise error
        self._slot.clear()
        # This also runs in a process that a handler forked and whose sys.exit arrives here: it has no lease.
        self._fence.shard.check_not_lost()
        self._counts.called(len(part), [time.monotonic() - begun])
        return verdict.of_error(part, error)

    def _rest(self) -> None:
        """Run nothing for a moment, since the action is paused."""
        self.called_at = self.current = None
        self._slot.clear()
        self._fence.rest()

    def _turn(self, part: Part) -> AbstractContextManager[None]:
        """While there are suspects, they are tried one at a time and alone."""
        self._slot.clear()  # the records before are done: if the process dies during the wait, they are not the cause
        if part[0].suspicion is not None:
            return self._suspects.alone(part, self._fence.shard, self._slot)
        return self._suspects.beside(self._fence.shard)

    def _report(self) -> None:
        report(self._quietly_done, self._counts)
        if self._took:
            took, self._took = self._took, []
            self._counts.called(1, took)


def report(quietly_done: deque[Ticket], counts: ActionCounts) -> None:
    """Report what is done. Popping is atomic, so any thread may do it."""
    done: list[Ticket] = []
    try:
        while True:
            done.append(quietly_done.popleft())
    except IndexError:
        if done:
            counts.done(done)
