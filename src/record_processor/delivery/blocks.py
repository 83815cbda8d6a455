"""What a shard's records wait for, as it is shown outside of the shard's process."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from record_processor.errors import described
from record_processor.text.safe_text import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from record_processor.delivery.pending_record import PendingRecord

_LONGEST_ERROR = 300
MOST_SHOWN = 4
_UNSAVED = ""
"""In place of a sequence number."""


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


class Skipped(msgspec.Struct, frozen=True):
    """A record that an operator skipped."""

    action: str
    sequence_number: str
    dead_letter: str
    """Where its letter is."""


class Blocks:
    """The blocks of one shard, by the first record of each. Thread-safe."""

    def __init__(self, skipped: Iterable[Skipped] = ()) -> None:
        """`skipped` are those of the process before this one."""
        self._lock = threading.Lock()
        self._by_record: dict[tuple[str, str], Block] = {}
        self._skipped = deque(skipped, maxlen=MOST_SHOWN)
        self.any = False
        """Whether there are some; to be looked at before `clear`, which takes a lock."""

    def add(
        self, action: str, failed: Sequence[PendingRecord], error: BaseException, attempts: int, wait_seconds: float
    ) -> None:
        """Note that these records failed, and are tried again after a wait."""
        first = failed[0]
        number, since = first.ticket.sequence_number, first.first_attempt
        self._put(number, _block(action, number, error, since, len(failed), attempts, wait_seconds))

    def add_unsaved(
        self, action: str, done_up_to: str, error: BaseException, attempts: int, wait_seconds: float
    ) -> None:
        """Note that the work of an action cannot be made durable."""
        before = self._by_record.get((action, _UNSAVED))
        since = None if before is None else before.since
        self._put(_UNSAVED, _block(action, done_up_to, error, since, 0, attempts, wait_seconds))

    def error_of(self, action: str, part: Iterable[PendingRecord]) -> str | None:
        """Return why records that were tried together failed last; None if that is not known."""
        with self._lock:
            blocks = [self._by_record.get((action, entry.ticket.sequence_number)) for entry in part]
        return next((block.error for block in blocks if block is not None), None)

    def add_skipped(self, action: str, sequence_number: str, dead_letter: str) -> None:
        """Note that a record was skipped."""
        with self._lock:
            self._skipped.append(Skipped(action, sequence_number, dead_letter))

    def skipped(self) -> list[Skipped]:
        """Return those of the last time."""
        with self._lock:
            return list(self._skipped)

    def clear_unsaved(self, action: str) -> None:
        with self._lock:
            self._by_record.pop((action, _UNSAVED), None)
            self.any = bool(self._by_record)

    def clear(self, action: str, done: Iterable[PendingRecord]) -> None:
        """Note that the action is done with these."""
        with self._lock:
            for entry in done:
                self._by_record.pop((action, entry.ticket.sequence_number), None)
            self.any = bool(self._by_record)

    def _put(self, record: str, block: Block) -> None:
        with self._lock:
            self._by_record[block.action, record] = block
            self.any = True

    def shown(self) -> list[Block]:
        """Return some of them, the oldest first."""
        with self._lock:
            blocks = list(self._by_record.values())
        return sorted(blocks, key=lambda block: block.since)[:MOST_SHOWN]


def _block(
    action: str,
    number: str,
    error: BaseException,
    since: float | None,
    records: int,
    attempts: int,
    wait_seconds: float,
) -> Block:
    now = time.time()
    text = printable(shortened(described(error), _LONGEST_ERROR, mark="…"))
    return Block(action, text, number, since or now, records, attempts, now + wait_seconds)
