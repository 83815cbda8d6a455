"""The tails of an application's streams for the page, with a filter to try out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.console.answers import Answer, of_data, refuse
from record_processor.console.filter_trial import compiled
from record_processor.console.masking import MASK, text_of
from record_processor.errors import RecordProcessorError, UndecodableRecordError
from record_processor.text.redaction import redacted
from record_processor.text.safe_text import printable, printable_lines, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from record_processor.console.tail import Tail, Tailed
    from record_processor.filters.record_filter import RecordFilter

    MakeTail = Callable[[str, bool], Tail]

_MOST_SHOWN = 100
_LONGEST_KEYS = 200
_OLDEST = "oldest"
_TRUE = "1"


class ShownRecord(msgspec.Struct, frozen=True):
    """A record in the list."""

    number: int
    shard_id: str
    sequence_number: str
    event_name: str
    created_at: float | None
    keys: str
    matches: bool | None
    """Whether the filter accepts it; None without a filter, or if it cannot be decoded."""
    text: str


class ShownTail(msgspec.Struct, frozen=True):
    """A tail, the newest record first."""

    seen: int
    kept: int
    matching: int | None
    skipped: bool
    shards: tuple[int, int]
    error: str | None
    records: list[ShownRecord]


class TailDesk:
    """Answers with a tail of a table that the application reads. Thread-safe."""

    def __init__(self, tables: list[str], make: MakeTail, shows_values: bool) -> None:
        """`make` makes the tail of a table, from the newest or the oldest records on."""
        self._tables = tables
        self._make = make
        self._shows_values = shows_values
        self._lock = threading.Lock()
        self._tails: dict[tuple[str, bool], Tail] = {}

    def read(self, query: Mapping[str, str]) -> Answer:
        table = query.get("table", "")
        if table not in self._tables:
            return refuse(404, "the application reads no such table")
        try:
            pattern = compiled(query.get("filter", ""))
        except RecordProcessorError as error:
            return refuse(400, printable_lines(redacted(str(error))))
        tail = self._tail(table, query.get("from") == _OLDEST)
        with self._lock:  # one at a time: a filter has work to do
            return of_data(self._shown(tail, pattern, query.get("matching") == _TRUE))

    def _tail(self, table: str, from_oldest: bool) -> Tail:
        with self._lock:
            key = (table, from_oldest)
            if key not in self._tails:
                self._tails[key] = self._make(table, from_oldest)
            return self._tails[key]

    def _shown(self, tail: Tail, pattern: RecordFilter | None, only_matching: bool) -> ShownTail:
        kept = tail.ask()
        matches = {one.number: _accepts(pattern, one) for one in kept}
        shown = [one for one in reversed(kept) if not only_matching or pattern is None or matches[one.number]]
        return ShownTail(
            seen=tail.seen,
            kept=len(kept),
            matching=None if pattern is None else sum(found is True for found in matches.values()),
            skipped=tail.skipped,
            shards=tail.shards,
            error=tail.error,
            records=[_record(one, matches[one.number], self._shows_values) for one in shown[:_MOST_SHOWN]],
        )


def _accepts(pattern: RecordFilter | None, one: Tailed) -> bool | None:
    if pattern is None or one.record is None:
        return None
    try:
        return pattern.accepts(one.record)
    except UndecodableRecordError:
        return None


def _record(one: Tailed, matches: bool | None, shows_values: bool) -> ShownRecord:
    event = _event(one)
    record = one.record
    return ShownRecord(
        number=one.number,
        shard_id=one.shard_id,
        sequence_number=one.sequence_number,
        event_name="?" if record is None else record.event_name,
        created_at=None if record is None else record.created_at_millis / 1000,
        keys=_keys(event, shows_values),
        matches=matches,
        text="it cannot be decoded" if event is None else text_of(event, shows_values),
    )


def _event(one: Tailed) -> dict[str, Any] | None:
    """Return what filters look at."""
    try:
        return None if one.record is None else one.record.to_lambda()
    except UndecodableRecordError:
        return None


def _keys(event: dict[str, Any] | None, shows_values: bool) -> str:
    keys = {} if event is None else event["dynamodb"].get("Keys", {})
    if not isinstance(keys, dict):
        return MASK
    parts = [f"{name}={_value(value) if shows_values else MASK}" for name, value in keys.items()]
    return printable(shortened(", ".join(parts), _LONGEST_KEYS, mark="…"))


def _value(attribute: Any) -> Any:
    return next(iter(attribute.values()), "") if isinstance(attribute, dict) else attribute
