"""One record on its way through one action."""

from __future__ import annotations

from typing import Any

import msgspec

from record_processor.delivery.low_water_mark import Ticket
from record_processor.delivery.suspicion import Suspicion
from record_processor.errors import UndecodableRecordError
from record_processor.records.change_record import ChangeRecord


class PendingRecord(msgspec.Struct, gc=False, eq=False):
    """A record, its place in the order, and its attempts so far."""

    record: ChangeRecord
    key: Any
    """Entries with the same key (hashable) keep their order and never run at the same time."""
    ticket: Ticket
    broken: UndecodableRecordError | None = None
    """Why the record cannot be delivered; then `record` has only its bytes and its sequence number."""
    suspicion: Suspicion | None = None
    """Why it is tried alone: a process may have died because of it."""
    queued: float = 0.0
    """When it entered its queue (monotonic)."""
    attempts: int = 0
    """How often it failed."""
    first_attempt: float | None = None
    last_attempt: float | None = None

    @property
    def size_bytes(self) -> int:
        return self.ticket.size_bytes
