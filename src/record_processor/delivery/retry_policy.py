"""What becomes of records after a call: decided here, done elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.delivery.verdict import Judged, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.plugin.settings import ActionSettings


class RecordExpired(Exception):  # noqa: N818 - a fact about a record, written into its dead letter
    """The change is older than the action's `max_age`."""


class ProcessDied(Exception):  # noqa: N818 - the same
    """The shard's process ended while the record was being tried, too often."""


class Decision(NamedTuple):
    """Each entry of the call is in one of the first three."""

    done: list[PendingRecord]
    dead: list[Judged]
    again: list[list[PendingRecord]]
    """Parts, to be delivered one after another, in their order."""
    blamed: list[Judged]
    """Those in `again` whose failure calls for a wait; none: go on at once."""


class RetryPolicy:
    """One action's `retry`, `bisect_on_error` and whether it has dead letters."""

    def __init__(self, settings: ActionSettings) -> None:
        self._bisects = settings.bisect_on_error
        self._gives_up = settings.dead_letter is not None
        self._max_attempts = settings.retry.max_attempts
        self._max_age = settings.retry.max_age
        self.looks_at_age = self._max_age is not None

    def after(self, judged: Sequence[Judged]) -> Decision:
        """Counts an attempt of each record that failed."""
        done = [one.entry for one in judged if one.verdict is Verdict.DONE]
        undone = [one for one in judged if one.verdict is not Verdict.DONE]
        if self._bisects and len(judged) > 1 and len(undone) > 1:
            # Splitting is no attempt of any record's, as in Lambda: the culprit is not known yet.
            half = len(undone) // 2
            return Decision(done, [], [_entries(undone[:half]), _entries(undone[half:])], [])
        for one in undone:
            one.entry.attempts += one.failed
        dead = [one for one in undone if self._given_up(one)]
        again = [one for one in undone if not self._given_up(one)]
        return Decision(done, dead, [_entries(again)] if again else [], [one for one in again if one.failed])

    def hopeless(self, entry: PendingRecord, now: float) -> Exception | None:
        """Why a record is not to be tried (again); None: it may be. `now` is in seconds since the epoch."""
        if entry.broken is not None:
            return entry.broken
        if self._max_age is not None and now - entry.record.created_at_millis / 1000 > self._max_age:
            return RecordExpired(f"the change is older than max_age, {self._max_age:g} s")
        if entry.suspicion is not None and entry.suspicion.sure and self._gives_up and self._exhausted(entry):
            return ProcessDied(entry.suspicion.story)
        return None

    def remedy(self) -> str:
        """What ends the wait for a record that goes on failing."""
        if not self._gives_up:
            return "mend the cause; with dead_letter and retry.max_attempts a record is given up instead"
        if self._max_attempts is None and self._max_age is None:
            return "mend the cause; with retry.max_attempts or retry.max_age a record is given up instead"
        limits = [f"{self._max_attempts} attempts"] if self._max_attempts is not None else []
        limits += [f"at an age of {self._max_age:g} s"] if self._max_age is not None else []
        return f"mend the cause; it becomes a dead letter after {' or '.join(limits)}"

    def _given_up(self, one: Judged) -> bool:
        return self._gives_up and one.failed and (one.verdict is Verdict.DEAD or self._exhausted(one.entry))

    def _exhausted(self, entry: PendingRecord) -> bool:
        return self._max_attempts is not None and entry.attempts >= self._max_attempts


def _entries(judged: Sequence[Judged]) -> list[PendingRecord]:
    return [one.entry for one in judged]
