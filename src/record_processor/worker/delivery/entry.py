"""One record on its way through one action."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from record_processor.errors import UndecodableRecordError
    from record_processor.worker.delivery.progress import Ticket
    from record_processor.worker.records import ChangeRecord


class Entry:
    """A record, its place in the order, and what was tried so far."""

    __slots__ = (
        "attempts",
        "broken",
        "first_attempt",
        "key",
        "last_attempt",
        "queued",
        "record",
        "size_bytes",
        "ticket",
    )

    def __init__(
        self, record: ChangeRecord, key: Hashable, ticket: Ticket, broken: UndecodableRecordError | None = None
    ) -> None:
        self.record = record
        self.key = key
        """Entries with the same key keep their order and never run at the same time."""
        self.ticket = ticket
        self.broken = broken
        """Why there is no record to be delivered; then `record` has only its bytes and sequence number."""
        self.size_bytes = ticket.size_bytes
        self.queued = 0.0
        self.attempts = 0
        self.first_attempt: float | None = None
        self.last_attempt: float | None = None
