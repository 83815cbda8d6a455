"""Turns calls and dead letters into what became of each record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.errors import PermanentError, UndecodableRecordError
from record_processor.records.change_record import decode, undecoded
from record_processor.testing.results import ActionResult, RecordResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.plugin.action import Action
    from record_processor.records.change_record import ChangeRecord
    from record_processor.records.raw_record import RawRecord
    from record_processor.records.stream import Stream
    from record_processor.testing.results import Outcome
    from record_processor.testing.watched_action import Call, WatchedAction

# Errors of records with which no action is called.
_HOPELESS = ("UndecodableRecordError", "RecordExpired")


def result_of(
    watched: WatchedAction, records: Sequence[RawRecord], stream: Stream, calls: Sequence[Call]
) -> ActionResult:
    """Return what an action did with records, from the calls that it received for them and its letters."""
    letters = {letter.sequence_number: letter for letter in watched.letters()}
    by_number = _by_number(calls)
    results = [
        _result(watched.action, _decoded(record, stream), letters.get(record.sequence_number), by_number)
        for record in records
    ]
    settings = watched.action.settings
    batches = [len(call.records) for call in calls]
    return ActionResult(settings.name, settings.type, results, batches, watched.flush_error)


def _by_number(calls: Sequence[Call]) -> dict[str, list[BaseException | None]]:
    """Return how each call ended for a record, by its sequence number; None: it succeeded, or was not tried."""
    ends: dict[str, list[BaseException | None]] = {}
    for call in calls:
        for position, record in enumerate(call.records):
            ends.setdefault(record.sequence_number, []).append(call.errors.get(position))
    return ends


def _result(
    action: Action[Any],
    record: ChangeRecord,
    letter: Letter | None,
    by_number: dict[str, list[BaseException | None]],
) -> RecordResult:
    ends = by_number.get(record.sequence_number, [])
    exception = next((end for end in reversed(ends) if end is not None), None)
    if letter is None:
        if not ends:
            return RecordResult(record, "filtered")
        return RecordResult(record, "sent", len(ends), _payload(action, record), exception=exception)
    error = f"{letter.error.type}: {letter.error.message}"
    outcome: Outcome = "given up" if _gives_up(action, letter, exception) else "blocked"
    return RecordResult(record, outcome, len(ends), None, error, exception)


def _gives_up(action: Action[Any], letter: Letter, exception: BaseException | None) -> bool:
    """Return whether a worker would give up, with the action's own settings."""
    settings = action.settings
    if settings.dead_letter is None:
        return False
    permanent = isinstance(exception, (PermanentError, UndecodableRecordError)) or letter.error.type in _HOPELESS
    return permanent or settings.retry.max_attempts is not None


def _payload(action: Action[Any], record: ChangeRecord) -> Any:
    try:
        return action.preview(record)
    except Exception:  # raised by some action: it has delivered the record, which is what counts
        return None


def _decoded(record: RawRecord, stream: Stream) -> ChangeRecord:
    try:
        return decode(record.binary_data, stream, record.sequence_number)
    except UndecodableRecordError:
        return undecoded(record.binary_data, stream, record.sequence_number)
