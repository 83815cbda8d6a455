"""What an operator is told about records that are not done: which ones, for how long, and what to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.delivery.blocks import Blocks
from record_processor.errors import ActionError, described
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.delivery.low_water_mark import LowWaterMark
    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.delivery.verdict import Judged

log = Log("worker.delivery")


class Blocked:
    """Reports what blocks an action's records."""

    def __init__(
        self, action: str, mark: LowWaterMark, remedy: str, dead_letter: str | None, blocks: Blocks | None = None
    ) -> None:
        """`dead_letter` is where a letter would go; None: nowhere. `blocks` is where others look."""
        self.blocks = blocks or Blocks()
        self._action = action
        self._mark = mark
        self._remedy = remedy
        self._place = {} if dead_letter is None else {"dead_letter": dead_letter}

    def say(self, failed: Sequence[Judged], next_try_seconds: float) -> None:
        """Report that these records failed and are retried."""
        entry, error = failed[0].entry, failed[0].error
        assert error is not None  # noqa: S101 - what has failed has a reason
        self.blocks.add(self._action, [one.entry for one in failed], error, entry.attempts, next_try_seconds)
        log.error(
            "delivery.blocked",
            f"{self._action} failed: {described(error)}",
            # One traceback is enough; after that it only hides the other lines.
            exception=None if entry.attempts > 1 or isinstance(error, ActionError) else error,
            action=self._action,
            **of_record(entry),
            records=len(failed),
            waiting=self._mark.pending,
            attempts=entry.attempts,
            next_try_seconds=round(next_try_seconds, 1),
            blocked_seconds=round(time.time() - (entry.first_attempt or time.time()), 1),
            **self._place,
            remedy=self._remedy,
        )


def of_record(entry: PendingRecord) -> dict[str, Any]:
    """Return the fields that identify a record in log events."""
    record = entry.record
    fields: dict[str, Any] = {"sequence_number": record.sequence_number}
    if entry.broken is None:
        age = time.time() - record.created_at_millis / 1000
        fields |= {"event_id": record.event_id, "keys": msgspec.Raw(record.raw_keys), "age_seconds": round(age, 1)}
    return fields
