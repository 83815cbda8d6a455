"""Sending permanently rejected batches by halves, until the record to blame is alone.

A remote side that answers for a whole batch says nothing about single records: without this, one record that it cannot
accept would send its neighbors to the dead letters too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.errors import ActionError, NotTriedError, PartialFailure, PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from record_processor.records.change_record import ChangeRecord


def deliver(send: Callable[[Sequence[ChangeRecord]], None], records: Sequence[ChangeRecord]) -> None:
    """Have all records sent, in order; raises what `Action.deliver` may raise."""
    try:
        send(records)
    except PermanentError:
        if len(records) == 1:
            raise
    else:
        return
    middle = len(records) // 2
    failures = _failures(send, records[:middle], 0)
    if failures:
        # Only after the first half is done: the second may have later changes of the same items.
        failures.update({position: NotTriedError() for position in range(middle, len(records))})
    else:
        failures = _failures(send, records[middle:], middle)
    if failures:
        raise PartialFailure(failures)


def _failures(
    send: Callable[[Sequence[ChangeRecord]], None], part: Sequence[ChangeRecord], start: int
) -> dict[int, Exception]:
    try:
        deliver(send, part)
    except PartialFailure as partial:
        return {start + position: error for position, error in partial.failures.items()}
    except ActionError as error:
        return dict.fromkeys(range(start, start + len(part)), error)
    return {}
