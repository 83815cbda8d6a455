"""Which records may be tried, and why the others may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.delivery.verdict import Judged, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.delivery.retry_policy import RetryPolicy
    from record_processor.plugin.settings import ActionSettings


class RecordExpired(Exception):  # noqa: N818 - a fact about a record, written into its dead letter
    """The change is older than the action's `max_age`."""


class ProcessDied(Exception):  # noqa: N818 - the same
    """The shard process died too often while the record was being tried."""


class Admission:
    """Checks records before each attempt. Immutable, and so thread-safe."""

    def __init__(self, settings: ActionSettings, policy: RetryPolicy) -> None:
        self._max_age = settings.retry.max_age
        self._policy = policy
        self.looks_at_age = self._max_age is not None

    def refused(self, part: Sequence[PendingRecord], now: float) -> list[Judged]:
        """Return the records that may not be tried, in order, each with the reason. `now`: seconds since the epoch."""
        return [
            Judged(entry, Verdict.DEAD, obstacle)
            for entry in part
            if (obstacle := self.obstacle(entry, now)) is not None
        ]

    def obstacle(self, entry: PendingRecord, now: float) -> Exception | None:
        """Return why a record may not be tried; None if it may."""
        if entry.broken is not None:
            return entry.broken
        if self._max_age is not None and now - entry.record.created_at_millis / 1000 > self._max_age:
            return RecordExpired(f"the change is older than max_age, {self._max_age:g} s")
        if entry.suspicion is not None and entry.suspicion.sure and self._policy.gives_up:
            return ProcessDied(entry.suspicion.story) if self._policy.is_exhausted(entry.attempts) else None
        return None
