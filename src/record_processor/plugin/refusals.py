"""Whether a rejected record is to blame, or what it was sent with.

401, 403, 404 and the like may be about a record ("no such customer"), or about the address and credentials of every
request ("no such page"). One answer does not tell which; several in a row do.
"""

from __future__ import annotations

import threading
import time

STATUSES = frozenset({401, 402, 403, 404, 405, 407, 410})
"""Answers that may be about the address or the credentials."""
MOST_IN_A_ROW = 10
"""This many different records rejected in a row, and none accepted in between: that is not the records' fault."""
LET_GO_SECONDS = 900.0
"""Meanwhile one record per this time is given up anyway: it may be to blame itself, and would block the rest."""


class Refusals:
    """Recent results of one action in one shard process."""

    def __init__(self) -> None:
        self._refused: set[str] = set()
        self._let_go_at = 0.0
        # Concurrent calls share it.
        self._lock = threading.Lock()

    def taken(self) -> None:
        """Note that a request was accepted: address and credentials are right."""
        if self._refused:
            with self._lock:
                self._refused.clear()

    def is_outage(self, sequence_number: str | None = None) -> bool:
        """Note a refusal; return whether refusals are the fault of the address or the credentials.

        Args:
            sequence_number: of a record that was rejected alone; None if it is not known which record it was.
        """
        with self._lock:
            if len(self._refused) >= MOST_IN_A_ROW:
                return sequence_number is None or not self._lets_go()
            if sequence_number is not None:
                self._refused.add(sequence_number)
            if len(self._refused) < MOST_IN_A_ROW:
                return False
            self._let_go_at = time.monotonic() + LET_GO_SECONDS
            return True

    def _lets_go(self) -> bool:
        now = time.monotonic()
        if now < self._let_go_at:
            return False
        self._let_go_at = now + LET_GO_SECONDS
        return True
