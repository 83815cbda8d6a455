"""Carries out what was decided about records: they are done, dead letters, or retried after a wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.delivery.backoff import delay
from record_processor.delivery.retry_policy import GiveUp, Split
from record_processor.delivery.verdict import Judged, Verdict
from record_processor.errors import ActionError
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from record_processor.delivery.blocked import Blocked
    from record_processor.delivery.counts import ActionCounts
    from record_processor.delivery.dead_letter_writer import DeadLetterWriter
    from record_processor.delivery.orders import Skip
    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.delivery.retry_policy import Decision, RetryPolicy
    from record_processor.delivery.steering import ActionFence
    from record_processor.delivery.suspects import Suspects

log = Log("worker.delivery")

# A server's Retry-After is obeyed up to this.
_LONGEST_RETRY_AFTER_SECONDS = 3600.0

Part = list["PendingRecord"]
"""Records that go into one call, in stream order."""


class RecordSkipped(Exception):  # noqa: N818 - a fact about a record, written into its dead letter
    """An operator has ordered that the record is given up."""


class Outcomes(NamedTuple):
    """Belongs to one action and is shared by its threads. Methods that wait raise what `Fence.sleep` raises."""

    counts: ActionCounts
    fence: ActionFence
    policy: RetryPolicy
    dead_letters: DeadLetterWriter | None
    suspects: Suspects
    blocked: Blocked
    letters_of_skipped: Callable[[], DeadLetterWriter]
    """Returns where the letters of skipped records go."""

    def finish(self, entries: Sequence[PendingRecord], dead: bool = False) -> None:
        """Finish records that the action is done with; `dead`: because they are dead letters."""
        if entries:
            if self.blocked.blocks.any:
                self.blocked.blocks.clear(self.counts.action, entries)
            self.counts.done([entry.ticket for entry in entries], dead)
            if self.suspects.any:
                self.suspects.clear(self.counts.action, entries)

    def follow(self, judged: Sequence[Judged]) -> list[Part]:
        """Deal with all records of a call, waiting if necessary; return the parts still to be delivered, in order."""
        self.finish([one.entry for one in judged if one.verdict is Verdict.DONE])
        failures = [one for one in judged if one.verdict is not Verdict.DONE]
        return [part for decision in self.policy.decide(failures) for part in self._carry_out(decision)]

    def skip(self, part: Part) -> list[Part] | None:
        """Give up a record that failed and that an operator skips.

        Returns:
            The parts that are left; None if no record is to be skipped.
        """
        if (skip := self._skip_of(part)) is None:
            return None
        (entry,) = (one for one in part if one.ticket.sequence_number == skip.sequence_number)
        self._skip(entry, skip, self.blocked.blocks.error_of(self.counts.action, part))
        rest = [one for one in part if one is not entry]
        return [rest] if rest else []

    def _skip_of(self, part: Part) -> Skip | None:
        steering = self.fence.steering
        if not steering.any:
            return None
        failed = (entry.ticket.sequence_number for entry in part if entry.attempts)
        found = (steering.skip_of(self.counts.action, number) for number in failed)
        return next((skip for skip in found if skip is not None), None)

    def _skip(self, entry: PendingRecord, skip: Skip, error: str | None) -> None:
        why = f"skipped by {skip.by}: {skip.reason}" + (f"; it had failed: {error}" if error else "")
        letters = self.letters_of_skipped()
        letters.store([Judged(entry, Verdict.DEAD, RecordSkipped(why))])
        log.warning(
            "record.skipped",
            f"{self.counts.action} is done with a record that {skip.by} skipped: {skip.reason}",
            action=self.counts.action,
            sequence_number=entry.ticket.sequence_number,
            by=skip.by,
            reason=skip.reason,
            ordered_at=skip.at,
            attempts=entry.attempts,
            dead_letter=letters.place,
        )
        self.blocked.blocks.add_skipped(self.counts.action, entry.ticket.sequence_number, letters.place)
        self.finish([entry], dead=True)

    def refuse(self, part: Part, refused: Sequence[Judged]) -> list[Part]:
        """Deal with the records of a part that may not be tried; return the parts that are left, in order."""
        if self.dead_letters is not None:
            self._give_up(refused)
            gone = {id(one.entry) for one in refused}
            rest = [entry for entry in part if id(entry) not in gone]
            return [rest] if rest else []
        # There is no place for its letter: the part goes up to the first of them, and there the shard waits.
        position = part.index(refused[0].entry)
        if position:
            return [part[:position], part[position:]]
        self.fence.shard.check()
        refused[0].entry.attempts += 1
        self._wait(refused[:1])
        return [part]

    def _carry_out(self, decision: Decision) -> list[Part]:
        if isinstance(decision, Split):
            return [_entries(decision.first), _entries(decision.second)]
        for one in decision.judged:
            one.entry.attempts += one.failed
        blamed = [one for one in decision.judged if one.failed]
        self.counts.failed(len(blamed))
        if isinstance(decision, GiveUp):
            self._give_up(decision.judged)
            return []
        if blamed:
            self._wait(blamed)
            self.counts.retried(len(blamed))
        return [_entries(decision.judged)]

    def _give_up(self, dead: Sequence[Judged]) -> None:
        assert self.dead_letters is not None  # noqa: S101 - the policy gives up only where there are some
        self.dead_letters.store(dead)
        self.finish(_entries(dead), dead=True)

    def _wait(self, failed: Sequence[Judged]) -> None:
        asked_for = min(max(map(_retry_after_seconds, failed)), _LONGEST_RETRY_AFTER_SECONDS)
        seconds = max(delay(failed[0].entry.attempts), asked_for)
        self.blocked.say(failed, seconds)
        entries = _entries(failed)
        self.fence.sleep(seconds, lambda: self._skip_of(entries) is not None)


def _entries(judged: Sequence[Judged]) -> Part:
    return [one.entry for one in judged]


def _retry_after_seconds(one: Judged) -> float:
    return one.error.retry_after_seconds if isinstance(one.error, ActionError) else 0.0
