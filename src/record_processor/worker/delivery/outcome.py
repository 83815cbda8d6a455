"""What one call of an action did to each record of its batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.actions.base import NotTriedError, PartialFailure, PermanentError
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

    @property
    def tried(self) -> bool:
        """Whether the failure is the record's own."""
        return not isinstance(self.error, NotTriedError)


class Outcome(NamedTuple):
    """Every entry of a batch is in one of the two."""

    done: list[Entry]
    failed: list[Failed]
    whole: bool
    """The call itself failed, so which of the records is to blame is not known."""


def _one_is_broken(batch: Sequence[Entry], error: UndecodableRecordError) -> Outcome:
    """An action looked into a record that has no readable inside: that one is to blame, and no other."""
    named = [entry for entry in batch if entry.record.sequence_number == error.sequence_number] or list(batch)
    return Outcome([], [Failed(entry, error if entry in named else NotTriedError()) for entry in batch], whole=True)


def of_error(batch: Sequence[Entry], error: BaseException) -> Outcome:
    """A `PartialFailure` names positions; one that is out of range, or names none, is taken for a failure of all."""
    if isinstance(error, UndecodableRecordError):
        return _one_is_broken(batch, error)
    positions = range(len(batch))
    if not isinstance(error, PartialFailure) or not error.failures or not set(error.failures) <= set(positions):
        return Outcome([], [Failed(entry, error) for entry in batch], whole=True)
    return Outcome(
        [batch[position] for position in positions if position not in error.failures],
        [Failed(batch[position], error.failures[position]) for position in sorted(error.failures)],
        whole=False,
    )
