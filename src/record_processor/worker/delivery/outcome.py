"""What one call of an action did to each record of its batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.actions.base import PartialFailure, PermanentError
from record_processor.errors import UndecodableRecordError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.worker.delivery.entry import Entry


class Failed(NamedTuple):
    """An entry that is not done, and why."""

    entry: Entry
    error: BaseException

    @property
    def permanent(self) -> bool:
        return isinstance(self.error, (PermanentError, UndecodableRecordError))


class Outcome(NamedTuple):
    """Every entry of a batch is in one of the two."""

    done: list[Entry]
    failed: list[Failed]
    whole: bool
    """The call itself failed, so which of the records is to blame is not known."""


def of_error(batch: Sequence[Entry], error: BaseException) -> Outcome:
    """A `PartialFailure` names positions; one that is out of range, or names none, is taken for a failure of all."""
    positions = range(len(batch))
    if not isinstance(error, PartialFailure) or not error.failures or not set(error.failures) <= set(positions):
        return Outcome([], [Failed(entry, error) for entry in batch], whole=True)
    return Outcome(
        [batch[position] for position in positions if position not in error.failures],
        [Failed(batch[position], error.failures[position]) for position in sorted(error.failures)],
        whole=False,
    )
