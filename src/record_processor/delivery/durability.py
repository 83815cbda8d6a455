"""What actions have done is made to survive a crash, before a checkpoint says that it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.delivery.backoff import delays
from record_processor.errors import described
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.delivery.blocks import Blocks
    from record_processor.delivery.fence import Fence
    from record_processor.delivery.low_water_mark import LowWaterMark
    from record_processor.plugin.action import Action

log = Log("worker.delivery")


def make_durable(actions: Sequence[Action[Any]], fence: Fence, mark: LowWaterMark, blocks: Blocks) -> None:
    """Return when everything that the low-water mark had passed before the call survives a crash.

    Raises:
        LeaseLostError, StopRequestedError: it may not.
    """
    for action in actions:
        name = action.settings.name
        for attempts, delay in enumerate(delays(), start=1):
            fence.wait_until_held()
            try:
                action.flush()
            except Exception as error:  # whatever a file system may raise
                blocks.add_unsaved(name, mark.low_water() or "", error, attempts, delay)
                _failed(name, error, attempts, delay)
            else:
                blocks.clear_unsaved(name)
                break
            fence.sleep(delay)


def _failed(action: str, error: Exception, attempts: int, delay: float) -> None:
    log.error(
        "delivery.blocked",
        f"{action} cannot make its work durable: {described(error)}",
        exception=error if attempts == 1 else None,
        action=action,
        attempts=attempts,
        next_try_seconds=round(delay, 1),
    )
