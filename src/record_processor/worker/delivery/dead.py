"""The way of a pipeline to its dead letters: safe before the record counts as done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from record_processor.dead_letters import letter
from record_processor.dead_letters.store import store_for
from record_processor.logs import Log
from record_processor.worker.backoff import delays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.actions.base import Shard
    from record_processor.dead_letters.settings import DeadLetter
    from record_processor.worker.delivery.gate import Gate
    from record_processor.worker.delivery.outcome import Failed

log = Log("worker.dead_letters")


class DeadLetters:
    """Stores failures of one action's records of one shard; tries for ever, since there is no other place for them."""

    def __init__(self, settings: DeadLetter, action: str, shard: Shard, gate: Gate) -> None:
        self._destination = store_for(settings, action, shard)
        self._action = action
        self._shard = shard
        self._gate = gate

    def store(self, failed: Sequence[Failed]) -> None:
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
                f"given up: {type(failure.error).__name__}: {failure.error}",
                action=self._action,
                sequence_number=failure.entry.record.sequence_number,
                attempts=failure.entry.attempts,
            )

    def _letter(self, failure: Failed) -> letter.Letter:
        entry = failure.entry
        return letter.write(
            self._action,
            self._shard,
            entry.record.sequence_number,
            entry.record.raw,
            failure.error,
            entry.attempts,
            entry.first_attempt,
            entry.last_attempt,
        )

    def _blocked(self, error: Exception, failed: Sequence[Failed], attempts: int, delay: float, since: float) -> None:
        log.error(
            "delivery.blocked",
            f"the dead letters of {self._action} cannot be stored: {type(error).__name__}: {error}",
            action=self._action,
            sequence_number=failed[0].entry.record.sequence_number,
            attempts=attempts,
            next_try_seconds=round(delay, 1),
            blocked_seconds=round(time.time() - since, 1),
        )
