"""Carries out what was decided about records: they are done, dead letters, or retried after a wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.delivery.backoff import delay
from record_processor.delivery.retry_policy import GiveUp, Split
from record_processor.delivery.verdict import Verdict
from record_processor.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.delivery.blocked import Blocked
    from record_processor.delivery.counts import ActionCounts
    from record_processor.delivery.dead_letter_writer import DeadLetterWriter
    from record_processor.delivery.fence import Fence
    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.delivery.retry_policy import Decision, RetryPolicy
    from record_processor.delivery.suspects import Suspects
    from record_processor.delivery.verdict import Judged

# A server's Retry-After is obeyed up to this.
_LONGEST_RETRY_AFTER_SECONDS = 3600.0

Part = list["PendingRecord"]
"""Records that go into one call, in stream order."""


class Outcomes(NamedTuple):
    """Belongs to one action and is shared by its threads. Methods that wait raise what `Fence.sleep` raises."""

    counts: ActionCounts
    fence: Fence
    policy: RetryPolicy
    dead_letters: DeadLetterWriter | None
    suspects: Suspects
    blocked: Blocked

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
        self.fence.check()
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
        self.fence.sleep(seconds)


def _entries(judged: Sequence[Judged]) -> Part:
    return [one.entry for one in judged]


def _retry_after_seconds(one: Judged) -> float:
    return one.error.retry_after_seconds if isinstance(one.error, ActionError) else 0.0
