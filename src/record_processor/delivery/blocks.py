"""What a shard's records wait for, as it is shown outside of the shard's process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import msgspec

from record_processor.errors import described
from record_processor.text.safe_text import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from record_processor.delivery.pending_record import PendingRecord

_LONGEST_ERROR = 300
_MOST_SHOWN = 4


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """Records that failed and are tried again, or a call that does not come to an end."""

    action: str
    error: str
    sequence_number: str
    """Of the first of them."""
    since: float
    """When it was first tried (seconds since the epoch)."""
    records: int = 1
    attempts: int = 0
    next_try: float | None = None
    """When it is tried again (seconds since the epoch); None: it is being tried."""


class Blocks:
    """The blocks of one shard, by the first record of each. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_record: dict[tuple[str, str], Block] = {}
        self.any = False
        """Whether there are some; to be looked at before `clear`, which takes a lock."""

    def add(
        self, action: str, failed: Sequence[PendingRecord], error: BaseException, attempts: int, wait_seconds: float
    ) -> None:
        """Note that these records failed, and are tried again after a wait."""
        now, first = time.time(), failed[0]
        number = first.ticket.sequence_number
        block = Block(
            action=action,
            error=printable(shortened(described(error), _LONGEST_ERROR, mark="…")),
            sequence_number=number,
            since=first.first_attempt or now,
            records=len(failed),
            attempts=attempts,
            next_try=now + wait_seconds,
        )
        with self._lock:
            self._by_record[action, number] = block
            self.any = True

    def clear(self, action: str, done: Iterable[PendingRecord]) -> None:
        """Note that the action is done with these."""
        with self._lock:
            for entry in done:
                self._by_record.pop((action, entry.ticket.sequence_number), None)
            self.any = bool(self._by_record)

    def shown(self) -> list[Block]:
        """Return some of them, the oldest first."""
        with self._lock:
            blocks = list(self._by_record.values())
        return sorted(blocks, key=lambda block: block.since)[:_MOST_SHOWN]
