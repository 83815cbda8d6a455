"""From records to actions: one record after another, each action in its order, again and again until done."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from record_processor.logs import Log
from record_processor.worker.backoff import delays

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from record_processor.actions.base import Action
    from record_processor.worker.lease import Lease
    from record_processor.worker.records import ChangeRecord

log = Log("worker.delivery")


class Delivery:
    """Gives each record to every action, and does not go on to the next before all of them are done with it."""

    def __init__(self, actions: Sequence[Action[Any]], lease: Lease) -> None:
        self._actions = actions
        self._lease = lease

    def deliver(self, record: ChangeRecord) -> None:
        """Return when every action is done with the record.

        Raises:
            LeaseLostError, StopRequestedError: the record is not done, and nothing more may begin.
        """
        for action in self._actions:
            self._until_it_works(action, "deliver", partial(action.deliver, [record]), record)

    def make_safe(self) -> None:
        """Return when all that was delivered survives a crash. Raises what `deliver` raises."""
        for action in self._actions:
            self._until_it_works(action, "flush", action.flush, None)

    def _until_it_works(
        self, action: Action[Any], step: str, attempt: Callable[[], None], record: ChangeRecord | None
    ) -> None:
        since = time.time()
        for attempts, delay in enumerate(delays(), start=1):
            self._check(step)
            try:
                attempt()
            except (
                Exception,
                SystemExit,
            ) as error:  # a handler that calls sys.exit has failed, no more than that
                self._blocked(action, step, record, error, attempts, delay, since)
            else:
                return
            self._lease.sleep(delay)

    def _check(self, step: str) -> None:
        # On a stop nothing is delivered any more, but what was delivered is still made safe and checkpointed.
        if step == "flush":
            self._lease.check_held()
        else:
            self._lease.check()

    def _blocked(
        self,
        action: Action[Any],
        step: str,
        record: ChangeRecord | None,
        error: BaseException,
        attempts: int,
        delay: float,
        since: float,
    ) -> None:
        log.error(
            "delivery.blocked",
            f"{action.settings.name} failed: {type(error).__name__}: {error}",
            # Once is enough for the traceback; after that it only hides the other lines.
            exception=error if attempts == 1 else None,
            action=action.settings.name,
            step=step,
            sequence_number=record.sequence_number if record else None,
            attempts=attempts,
            next_try_seconds=round(delay, 1),
            blocked_seconds=round(time.time() - since, 1),
        )
