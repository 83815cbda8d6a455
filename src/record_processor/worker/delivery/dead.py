"""The way of a pipeline to its dead letters: safe before the record counts as done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from record_processor.dead_letters import letter
from record_processor.dead_letters.store import store_for
from record_processor.errors import described
from record_processor.logs import Log
from record_processor.worker.backoff import delays
from record_processor.worker.delivery.blocked import of_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.actions.base import Shard
    from record_processor.dead_letters.settings import DeadLetter
    from record_processor.worker.delivery.gate import Gate
    from record_processor.worker.delivery.progress import Progress
    from record_processor.worker.delivery.verdict import Judged

log = Log("worker.dead_letters")


class DeadLetters:
    """Stores failures of one action's records of one shard; tries for ever, since there is no other place for them."""

    def __init__(self, settings: DeadLetter, action: str, shard: Shard, gate: Gate, progress: Progress) -> None:
        self._destination = store_for(settings, action, shard)
        self.place: str = getattr(self._destination, "name", str(settings.__struct_config__.tag))
        """For people."""
        self._progress = progress
        self._action = action
        self._shard = shard
        self._gate = gate

    def store(self, failed: Sequence[Judged]) -> None:
        """Return when the letters are safe.

        Raises:
            LeaseLostError, StopRequestedError: they are not, and the records count as not done.
        """
        letters = [self._letter(failure) for failure in failed]
        since = time.time()
        for attempts, delay in enumerate(delays(), start=1):
            self._gate.wait_until_held()
            try:
                self._destination.store(letters)
            except Exception as error:  # whatever a file system or a service may say
                self._blocked(error, failed, attempts, delay, since)
            else:
                break
            self._gate.sleep(delay)
        for failure in failed:
            log.warning(
                "record.dead",
                f"given up: {described(_reason(failure))}",
                action=self._action,
                **of_record(failure.entry),
                waiting=self._progress.pending,
                attempts=failure.entry.attempts,
                dead_letter=self.place,
                remedy="mend the cause, then bring it back with `record-processor replay`",
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
        log.error(
            "delivery.blocked",
            f"the dead letters of {self._action} cannot be stored: {described(error)}",
            action=self._action,
            **of_record(failed[0].entry),
            records=len(failed),
            waiting=self._progress.pending,
            dead_letter=self.place,
            attempts=attempts,
            next_try_seconds=round(delay, 1),
            blocked_seconds=round(time.time() - since, 1),
            remedy="mend the place of the letters: there is no other for these records",
        )


def _reason(failure: Judged) -> BaseException:
    assert failure.error is not None  # noqa: S101 - a record that is not done has a reason
    return failure.error
