"""What becomes of records that failed: decided here, from values only, and carried out elsewhere (`outcomes.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.delivery.verdict import Judged, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.plugin.settings import ActionSettings


class Retry(NamedTuple):
    """Call the action again with all of these, after a wait if one of them failed by itself."""

    judged: list[Judged]


class Split(NamedTuple):
    """Call the action with the first half, then with the second; this counts as nobody's attempt."""

    first: list[Judged]
    second: list[Judged]


class GiveUp(NamedTuple):
    """Write dead letters."""

    judged: list[Judged]


Decision = Retry | Split | GiveUp


class RetryPolicy:
    """One action's `retry` and `bisect_on_error`, and whether it has dead letters. Immutable, and so thread-safe."""

    def __init__(self, settings: ActionSettings) -> None:
        self.gives_up = settings.dead_letter is not None
        self._bisects = settings.bisect_on_error
        self._max_attempts = settings.retry.max_attempts
        self._max_age = settings.retry.max_age

    def decide(self, failures: Sequence[Judged]) -> list[Decision]:
        """Decide what to do with the records of one call that are not done; each of them is in one decision.

        Args:
            failures: in stream order, including those that were not tried. Their entries' `attempts` are from before
                the call.

        Returns:
            What to do, in this order; nothing if there are no failures.
        """
        if self._bisects and len(failures) > 1:
            # Splitting counts as no record's attempt, as in Lambda: the culprit is not known yet.
            half = len(failures) // 2
            return [Split([*failures[:half]], [*failures[half:]])]
        dead = [one for one in failures if self._is_given_up(one)]
        again = [one for one in failures if not self._is_given_up(one)]
        decisions: list[Decision] = [GiveUp(dead)] if dead else []
        return [*decisions, Retry(again)] if again else decisions

    def is_exhausted(self, attempts: int) -> bool:
        """Return whether a record has used up its attempts."""
        return self._max_attempts is not None and attempts >= self._max_attempts

    def remedy(self) -> str:
        """Return what ends the wait for a record that keeps failing."""
        if not self.gives_up:
            return "fix the cause; to give up on such records instead, set dead_letter and retry.max_attempts"
        if self._max_attempts is None and self._max_age is None:
            return "fix the cause; to give up on such records instead, set retry.max_attempts or retry.max_age"
        limits = [f"{self._max_attempts} attempts"] if self._max_attempts is not None else []
        limits += [f"at an age of {self._max_age:g} s"] if self._max_age is not None else []
        return f"fix the cause; the record becomes a dead letter after {' or '.join(limits)}"

    def _is_given_up(self, one: Judged) -> bool:
        if not (self.gives_up and one.failed):
            return False
        return one.verdict is Verdict.DEAD or self.is_exhausted(one.entry.attempts + 1)
