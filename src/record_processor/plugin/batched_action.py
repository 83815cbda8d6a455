"""The base of actions that put many records into one call, and hear about each of them.

An item is in a call at most once: the remote side may accept a call in part, and then a later change of an item would
arrive before an earlier one. The later one goes with the next call, and waits if the earlier one failed.
"""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple

from record_processor.errors import ActionError, NotTriedError, PartialFailure, PermanentError, UndecodableRecordError
from record_processor.plugin.action import Action, SettingsT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.records.change_record import ChangeRecord


class Limits(NamedTuple):
    """What one call may contain."""

    entries: int
    call_bytes: int
    entry_bytes: int


class BatchEntry(NamedTuple):
    """One record's part of a call."""

    content: Any
    size_bytes: int


class _Waiting(NamedTuple):
    position: int
    key: bytes
    entry: BatchEntry


class CallFailedError(Exception):
    """A whole call failed, so that none of its records is done.

    Args:
        reason: for each of its records. `PermanentError`: the content is to blame, so a smaller call may succeed.
    """

    def __init__(self, reason: ActionError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class BatchedAction(Action[SettingsT], abc.ABC, Generic[SettingsT]):
    """Cuts batches into calls within the remote side's limits; failed records are named and retried alone."""

    limits: ClassVar[Limits]

    @abc.abstractmethod
    def entry(self, record: ChangeRecord) -> BatchEntry:
        """Return a record's part of a call.

        Raises:
            PermanentError, UndecodableRecordError: it cannot have one.
        """

    @abc.abstractmethod
    def send(self, contents: Sequence[Any]) -> Mapping[int, Exception]:
        """Make one call; return why entries failed, by position in it.

        Raises:
            CallFailedError: nothing was accepted.
        """

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        failures: dict[int, Exception] = {}
        waiting = [one for position, record in enumerate(records) if (one := self._made(position, record, failures))]
        failed_keys = {records[position].raw_keys for position in failures}
        goes_on = True
        while waiting and goes_on:
            waiting, held = _without(failed_keys, waiting)
            failures.update({one.position: NotTriedError() for one in held})
            call, waiting = self._next_call(waiting)
            found, goes_on = self._sent(call)
            failures.update(found)
            failed_keys.update(one.key for one in call if one.position in found)
        failures.update({one.position: NotTriedError() for one in waiting})
        if failures:
            raise PartialFailure(failures)

    def preview(self, record: ChangeRecord) -> Any:
        return self.entry(record).content

    def _made(self, position: int, record: ChangeRecord, failures: dict[int, Exception]) -> _Waiting | None:
        try:
            entry = self.entry(record)
        except (PermanentError, UndecodableRecordError) as error:
            failures[position] = error
            return None
        if entry.size_bytes > self.limits.entry_bytes:
            failures[position] = PermanentError(
                f"{entry.size_bytes:,} bytes are more than {self.settings.type} takes of one record, "
                f"{self.limits.entry_bytes:,}; a template can leave parts of it out"
            )
            return None
        return _Waiting(position, record.raw_keys, entry)

    def _next_call(self, waiting: Sequence[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
        """Return the next call, and what is left."""
        call: list[_Waiting] = []
        left: list[_Waiting] = []
        keys: set[bytes] = set()
        room_bytes = self.limits.call_bytes
        for index, one in enumerate(waiting):
            if len(call) == self.limits.entries or (call and one.entry.size_bytes > room_bytes):
                left.extend(waiting[index:])
                break
            if one.key in keys:
                left.append(one)
                continue
            keys.add(one.key)
            call.append(one)
            room_bytes -= one.entry.size_bytes
        return call, left

    def _sent(self, call: Sequence[_Waiting]) -> tuple[dict[int, Exception], bool]:
        """Return the failures of a call by position in the batch, and whether to continue with the next call."""
        if not call:
            return {}, True
        try:
            found = self.send([one.entry.content for one in call])
        except CallFailedError as failed:
            if not isinstance(failed.reason, PermanentError):
                return {one.position: failed.reason for one in call}, False
            if len(call) == 1:
                return {call[0].position: failed.reason}, True
            # The halves will show which of them is to blame, or whether only all together are too much.
            first, goes_on = self._sent(call[: len(call) // 2])
            if not goes_on:
                return {**first, **{one.position: NotTriedError() for one in call[len(call) // 2 :]}}, False
            second, goes_on = self._sent(call[len(call) // 2 :])
            return {**first, **second}, goes_on
        return {call[position].position: error for position, error in found.items()}, True


def _without(keys: set[bytes], waiting: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Return those whose item has no failure, and those that must wait for an earlier change of their item."""
    if not keys:
        return waiting, []
    return [one for one in waiting if one.key not in keys], [one for one in waiting if one.key in keys]
