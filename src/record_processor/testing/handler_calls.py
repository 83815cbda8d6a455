"""The two arguments of a handler, for tests that call it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.actions.handlers.deadline import Deadline
from record_processor.actions.handlers.handler_context import Context
from record_processor.records.stream import Shard
from record_processor.testing.changes import change_record, sequence_number, stream_of

if TYPE_CHECKING:
    from record_processor.plugin.handler_types import Context as ContextType
    from record_processor.plugin.handler_types import Event, PlainEvent
    from record_processor.records.change_record import ChangeRecord
    from record_processor.testing.changes import Change

SHARD_ID = "shardId-test"


def event(*changes: Change, table: str = "Table") -> Event:
    """Return the event with which a `python` action calls its handler."""
    records: Any = [record.to_lambda() for record in _records(changes, table)]
    return {"Records": records}


def plain_event(*changes: Change, table: str = "Table") -> PlainEvent:
    """Return the same event with `format: plain`."""
    records: Any = [record.to_plain() for record in _records(changes, table)]
    return {"Records": records}


def context(action: str = "test", table: str = "Table", timeout_seconds: float = 900.0) -> ContextType:
    """Return the context that goes with the event."""
    return Context(action, Shard(SHARD_ID, stream_of(table)), Deadline(timeout_seconds))


def _records(changes: tuple[Change, ...], table: str) -> list[ChangeRecord]:
    return [change_record(change, sequence_number(position), table) for position, change in enumerate(changes)]
