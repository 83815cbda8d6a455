"""How records are tried that may have killed a process: alone, so that the next death identifies the culprit."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from record_processor.delivery.trials import ALONE, NORMAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from record_processor.delivery.fence import Fence
    from record_processor.delivery.pending_record import PendingRecord
    from record_processor.delivery.suspicion import Suspicion
    from record_processor.delivery.trials import Slot, Trials

# How long nothing else starts beside a suspect, and how long a suspect waits for running calls, or for its checkpoint.
_ALONE_SECONDS = 10.0
_SAVE_SECONDS = 5.0
_NAP_SECONDS = 0.05


class Suspects:
    """The suspects of one process. While there are any, every call of an action asks here first. Thread-safe."""

    def __init__(self, suspicions: Sequence[Suspicion], trials: Trials) -> None:
        self._left = {(one.action, one.sequence_number): one for one in suspicions}
        self._marked: set[tuple[str, str]] = set()
        self._trials = trials
        self._changed = threading.Condition()
        self._running = 0
        self._alone: Slot | None = None
        """The slot of the suspect that is being tried."""
        self._saved_once = False
        self.saves = False
        """Whether somebody saves progress when `save_wanted` asks for it."""
        self.save_wanted = False
        self.any = bool(self._left)

    def pass_over(self, sequence_number: str) -> None:
        """Forget suspects that are not newer than this: they will not be delivered again."""
        if self.any and sequence_number.isdigit():
            with self._changed:
                self._forget([key for key in self._left if int(key[1]) <= int(sequence_number)])

    def came_up_to(self, sequence_number: int) -> None:
        """Forget suspects up to here that were not among the records: they were done before."""
        with self._changed:
            self._forget([key for key in self._left if key not in self._marked and int(key[1]) <= sequence_number])

    def mark(self, action: str, entries: Sequence[PendingRecord]) -> None:
        """Mark those of the entries, which have just been taken in, that are suspects."""
        for entry in entries:
            suspicion = self._left.get((action, entry.record.sequence_number))
            if suspicion is not None:
                self._marked.add((action, entry.record.sequence_number))
                entry.suspicion = suspicion
                entry.attempts = suspicion.attempts
                entry.first_attempt = entry.last_attempt = suspicion.first_death

    def clear(self, action: str, entries: Sequence[PendingRecord]) -> None:
        """Forget these: they are done, or dead letters."""
        self._forget([(action, entry.record.sequence_number) for entry in entries if entry.suspicion is not None])

    def saved(self) -> None:
        """Confirm that progress has been saved."""
        with self._changed:
            self.save_wanted = False
            self._changed.notify_all()

    @contextmanager
    def beside(self, fence: Fence) -> Iterator[None]:
        """Surround a call without suspects: it waits while a suspect is tried, unless that takes long."""
        with self._changed:
            self._wait(fence, lambda: self._alone is None, _ALONE_SECONDS)
            if self._alone is not None:
                self._alone.flag(NORMAL)  # it is no longer alone
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self, part: Sequence[PendingRecord], fence: Fence, slot: Slot) -> Iterator[None]:
        """Surround a call of suspects: nothing runs beside it if possible."""
        self._save_before(part, fence)
        with self._changed:
            # Two suspects never run at the same time, however long the first takes.
            self._wait(fence, lambda: self._alone is None, None)
            self._alone = slot
        try:
            with self._changed:
                self._wait(fence, lambda: not self._running, _ALONE_SECONDS)
                slot.flag(NORMAL if self._running else ALONE)
            yield
        finally:
            with self._changed:
                slot.flag(NORMAL)
                self._alone = None
                self._changed.notify_all()

    def _save_before(self, part: Sequence[PendingRecord], fence: Fence) -> None:
        """Have completed work saved first, so that a death does not repeat it."""
        deaths = max(entry.suspicion.deaths for entry in part if entry.suspicion is not None)
        with self._changed:
            if not self.saves or (self._saved_once and deaths < 2):
                return
            self._saved_once = self.save_wanted = True
            self._wait(fence, lambda: not self.save_wanted or not self.saves, _SAVE_SECONDS)
            self.save_wanted = False

    def _wait(self, fence: Fence, condition: Callable[[], bool], seconds: float | None) -> None:
        """Wait until the condition holds or the time is over; raises what the fence raises."""
        end = None if seconds is None else time.monotonic() + seconds
        while not condition() and (end is None or time.monotonic() < end):
            self._changed.wait(_NAP_SECONDS)
            fence.check()

    def _forget(self, keys: Sequence[tuple[str, str]]) -> None:
        with self._changed:
            for key in keys:
                self._left.pop(key, None)
            if keys:
                self._trials.keep(list(self._left.values()))
                self.any = bool(self._left)


def parts_of(batch: Sequence[PendingRecord]) -> list[list[PendingRecord]]:
    """Cut a batch so that the suspects of one part are by themselves, keeping its order."""
    return [
        list(entries) for _, entries in groupby(batch, lambda entry: entry.suspicion.part if entry.suspicion else None)
    ]
