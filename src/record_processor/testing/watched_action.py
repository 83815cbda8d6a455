"""An action whose calls are all recorded, and which may be a fake."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.settings import FileDeadLetter
from record_processor.errors import NotTriedError, PartialFailure, PermanentError, UndecodableRecordError, described
from record_processor.plugin.action import Action
from record_processor.plugin.batched_action import BatchedAction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from record_processor.dead_letters.letter import Letter
    from record_processor.records.change_record import ChangeRecord
    from record_processor.records.stream import Shard

    Sink = Callable[[Sequence[ChangeRecord]], None]


class FakeSink:
    """Stands in for what an action calls: takes every record, after raising some errors.

    Args:
        errors: raised by the first calls, one by each, in order.
    """

    def __init__(self, *errors: BaseException) -> None:
        self.records: list[ChangeRecord] = []
        """What it received, in order."""
        self._errors = list(errors)

    def __call__(self, records: Sequence[ChangeRecord]) -> None:
        if self._errors:
            raise self._errors.pop(0)
        self.records += records


class Call(NamedTuple):
    """One call of an action."""

    records: Sequence[ChangeRecord]
    errors: dict[int, BaseException]
    """Why records failed, by position."""


class WatchedAction(Action[Any]):
    """Takes an action's place in the delivery. Its dead letters go to its own file, whatever the settings say."""

    def __init__(self, action: Action[Any], sink: Sink | None, letters: Path, attempts: int) -> None:
        """Watch an action.

        Args:
            action: one that is not open.
            sink: called instead of the action; None: the action itself is called.
            letters: the file for its dead letters.
            attempts: give up after this many where a worker never would.
        """
        self.action = action
        self.is_real = sink is None
        self._send = action.deliver if sink is None else _faked(action, sink)
        own = action.settings
        retry = msgspec.structs.replace(own.retry, max_attempts=own.retry.max_attempts or attempts)
        self._letters = DeadLetterFile(letters)
        path = str(letters).replace("{", "{{").replace("}", "}}")
        self.settings = msgspec.structs.replace(own, retry=retry, dead_letter=FileDeadLetter(path=path))
        self.calls: list[Call] = []
        self.flush_error = ""
        self._lock = threading.Lock()

    @property
    def batch_size(self) -> int:
        return self.action.batch_size

    @property
    def window_seconds(self) -> float:
        return self.action.window_seconds

    def open(self, shard: Shard) -> None:
        if self.is_real:
            self.action.open(shard)

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        errors: dict[int, BaseException] = {}
        try:
            self._send(records)
        except BaseException as error:  # whatever a handler raises, even SystemExit
            errors = _by_position(records, error)
            raise
        finally:
            with self._lock:
                self.calls.append(Call(records, errors))

    def letters(self) -> list[Letter]:
        """All that it gave up on."""
        return list(self._letters.read()[0]) if self._letters.path.exists() else []

    def flush(self) -> None:
        """Never fails, since the delivery would retry it forever; errors are kept."""
        try:
            if self.is_real:
                self.action.flush()
        except Exception as error:
            self.flush_error = described(error)

    def close(self) -> None:
        if self.is_real:
            self.action.close()

    def abandon(self) -> None:
        if self.is_real:
            self.action.abandon()


def _faked(action: Action[Any], sink: Sink) -> Sink:
    """Do everything that the action does before it sends, so that the fake rejects what the action would."""
    if isinstance(action, BatchedAction):
        action.send = lambda contents: {}  # type: ignore[method-assign] # noqa: ARG005 - the interface's
    check = action.deliver if isinstance(action, BatchedAction) else _previewing(action)

    def send(records: Sequence[ChangeRecord]) -> None:
        try:
            check(records)
        except PartialFailure as partial:
            sink([record for at, record in enumerate(records) if at not in partial.failures])
            raise
        sink(records)

    return send


def _previewing(action: Action[Any]) -> Sink:
    def check(records: Sequence[ChangeRecord]) -> None:
        failures: dict[int, Exception] = {}
        for position, record in enumerate(records):
            try:
                action.preview(record)
            except (PermanentError, UndecodableRecordError) as error:
                failures[position] = error
        if failures:
            raise PartialFailure(failures)

    return check


def _by_position(records: Sequence[ChangeRecord], error: BaseException) -> dict[int, BaseException]:
    """Return why records failed, by record; those that were not tried have not failed."""
    if isinstance(error, PartialFailure):
        return {at: one for at, one in error.failures.items() if not isinstance(one, NotTriedError)}
    if isinstance(error, UndecodableRecordError):
        named = [at for at, record in enumerate(records) if record.sequence_number == error.sequence_number]
        return dict.fromkeys(named or range(len(records)), error)
    return dict.fromkeys(range(len(records)), error)
