"""What one call of an action means for each record of its batch: one verdict per record."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from record_processor.errors import NotTriedError, PartialFailure, PermanentError, UndecodableRecordError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.delivery.pending_record import PendingRecord


class Verdict(enum.Enum):
    DONE = enum.auto()
    AGAIN = enum.auto()
    """It failed, and a retry may succeed."""
    DEAD = enum.auto()
    """It failed, and a retry cannot help."""
    NOT_TRIED = enum.auto()
    """It waits for another record that failed; it has not failed itself."""


class Judged(NamedTuple):
    entry: PendingRecord
    verdict: Verdict
    error: BaseException | None = None
    """Why it is not done."""

    @property
    def failed(self) -> bool:
        return self.verdict in (Verdict.AGAIN, Verdict.DEAD)


def of_error(batch: Sequence[PendingRecord], error: BaseException) -> list[Judged]:
    """Return the verdicts, in order, after a call raised.

    A `PartialFailure` names positions; one that is out of range, or names none, counts as a failure of all records.
    """
    positions = range(len(batch))
    if isinstance(error, UndecodableRecordError):
        return _one_is_broken(batch, error)
    if isinstance(error, PartialFailure) and error.failures and set(error.failures) <= set(positions):
        return [_judged(batch[position], error.failures.get(position)) for position in positions]
    return [_judged(entry, error) for entry in batch]


def _one_is_broken(batch: Sequence[PendingRecord], error: UndecodableRecordError) -> list[Judged]:
    """The action looked into a record whose content cannot be read: only that record is to blame."""
    named = {id(entry) for entry in batch if entry.record.sequence_number == error.sequence_number}
    to_blame = named or {id(entry) for entry in batch}
    return [_judged(entry, error if id(entry) in to_blame else NotTriedError()) for entry in batch]


def _judged(entry: PendingRecord, error: BaseException | None) -> Judged:
    if error is None:
        return Judged(entry, Verdict.DONE)
    if isinstance(error, NotTriedError):
        return Judged(entry, Verdict.NOT_TRIED, error)
    dead = isinstance(error, (PermanentError, UndecodableRecordError))
    return Judged(entry, Verdict.DEAD if dead else Verdict.AGAIN, error)
