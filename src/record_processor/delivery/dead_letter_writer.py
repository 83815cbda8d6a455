"""Writes an action's dead letters: a letter is durable before its record counts as done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from record_processor.dead_letters import letter
from record_processor.dead_letters.store import store_for
from record_processor.delivery.backoff import delays
from record_processor.delivery.blocked import of_record
from record_processor.errors import described
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.dead_letters.settings import DeadLetter
    from record_processor.delivery.blocks import Blocks
    from record_processor.delivery.fence import Fence
    from record_processor.delivery.low_water_mark import LowWaterMark
    from record_processor.delivery.verdict import Judged
    from record_processor.records.stream import Shard

log = Log("worker.dead_letters")


class DeadLetterWriter:
    """Stores failed records of one action and shard; retries forever, since there is no other place for them."""

    def __init__(
        self, settings: DeadLetter, action: str, shard: Shard, fence: Fence, mark: LowWaterMark, blocks: Blocks
    ) -> None:
        self._destination = store_for(settings, action, shard)
        self.place: str = getattr(self._destination, "name", str(settings.__struct_config__.tag))
        """Where the letters go, for people."""
        self._mark = mark
        self._blocks = blocks
        self._action = action
        self._shard = shard
        self._fence = fence

    def store(self, failed: Sequence[Judged]) -> None:
        """Store the letters and return when they are durable.

        Raises:
            LeaseLostError, StopRequestedError: they are not durable, and the records count as not done.
        """
        letters = [self._letter(failure) for failure in failed]
        since = time.time()
        for attempts, delay in enumerate(delays(), start=1):
            self._fence.wait_until_held()
            try:
                self._destination.store(letters)
            except Exception as error:  # whatever a file system or a service may raise
                self._blocked(error, failed, attempts, delay, since)
            else:
                break
            self._fence.sleep(delay)
        for failure in failed:
            log.warning(
                "record.dead",
                f"given up: {described(_reason(failure))}",
                action=self._action,
                **of_record(failure.entry),
                waiting=self._mark.pending,
                attempts=failure.entry.attempts,
                dead_letter=self.place,
                remedy="fix the cause, then run `record-processor replay`",
            )

    def _letter(self, failure: Judged) -> letter.Letter:
        entry = failure.entry
        return letter.write(
            self._action,
            self._shard,
            entry.record.sequence_number,
            entry.record.raw,
            _reason(failure),
            entry.attempts,
            entry.first_attempt,
            entry.last_attempt,
        )

    def _blocked(self, error: Exception, failed: Sequence[Judged], attempts: int, delay: float, since: float) -> None:
        self._blocks.add(self._action, [one.entry for one in failed], error, attempts, delay)
        log.error(
            "delivery.blocked",
            f"the dead letters of {self._action} cannot be stored: {described(error)}",
            action=self._action,
            **of_record(failed[0].entry),
            records=len(failed),
            waiting=self._mark.pending,
            dead_letter=self.place,
            attempts=attempts,
            next_try_seconds=round(delay, 1),
            blocked_seconds=round(time.time() - since, 1),
            remedy="fix the dead-letter destination: these records have no other",
        )


def _reason(failure: Judged) -> BaseException:
    assert failure.error is not None  # noqa: S101 - a record that is not done has a reason
    return failure.error
