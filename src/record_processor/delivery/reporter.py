"""Keeps a shard's report up to date, from a thread of its own: whatever the others wait for, it says where they are."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from record_processor.delivery.shard_report import Snapshot
from record_processor.errors import described
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.delivery.lease import Lease
    from record_processor.delivery.low_water_mark import Standing
    from record_processor.delivery.shard_delivery import ShardDelivery
    from record_processor.delivery.shard_report import ShardReport

log = Log("worker.delivery")

_LOOK_SECONDS = 0.25
_UNCHANGED_SECONDS = 1.0
"""How often a snapshot is written in which nothing has changed: it says that the process runs."""
_IDLE_SECONDS = 10.0
"""The same, if everything is done and saved."""


class Times(NamedTuple):
    """What the protocol's thread knows. Seconds since the epoch."""

    saved_at: float | None
    """When the checkpoint was last saved; None: not by this process."""
    saved_up_to: str | None
    """Its sequence number."""


class Reporter:
    """Looks while there is work, four times a second, and writes what has changed, for as long as the process lives.

    Most shards are idle most of the time, and each look of each of them would wake the host: so they are looked at
    every few seconds, and when records come.
    """

    def __init__(self, report: ShardReport, delivery: ShardDelivery, lease: Lease, times: Callable[[], Times]) -> None:
        """Begin at once."""
        self._report = report
        self._delivery = delivery
        self._lease = lease
        self._times = times
        self._written = Snapshot()
        self._unsaved_since: float | None = None
        self._records_came = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="reporter", daemon=True).start()

    def see_records(self) -> None:
        """Look now, if nothing was to be done."""
        self._records_came.set()

    def look(self) -> None:
        """Write what has changed now: this process ends, and the next one continues its report."""
        with self._lock:
            self._write_changed()

    def _run(self) -> None:
        try:
            while True:
                self._records_came.clear()  # first: whatever comes during the look is looked at again
                self.look()
                self._rest()
        except Exception as error:  # a bug here: the shard goes on without a report
            log.error("report.unavailable", f"this shard is no longer reported: {described(error)}", exception=error)

    def _rest(self) -> None:
        if self._written.pending:
            time.sleep(_LOOK_SECONDS)
        else:
            is_all_saved = self._written.unsaved_since is None
            self._records_came.wait(_IDLE_SECONDS if is_all_saved else _UNCHANGED_SECONDS)

    def _write_changed(self) -> None:
        before, now = self._written, time.time()
        snapshot = self._snapshot(before.at)
        if snapshot != before or abs(now - before.at) >= _UNCHANGED_SECONDS - _LOOK_SECONDS:
            snapshot.at = now
            self._report.write(snapshot)
            self._written = snapshot

    def _snapshot(self, at: float) -> Snapshot:
        times, standing = self._times(), self._delivery.standing()
        return Snapshot(
            at=at,
            done_up_to=standing.done_up_to,
            done_created_at=_seconds(standing.done_created_at_millis),
            oldest_at=_seconds(standing.oldest_created_at_millis),
            done=standing.done,
            pending=standing.pending,
            pending_bytes=standing.pending_bytes,
            saved_at=times.saved_at,
            unsaved_since=self._see_unsaved(standing, times),
            is_late=not self._lease.held and not self._lease.lost,
            is_paused=self._delivery.is_paused,
            blocks=self._delivery.blocks(),
            skipped=self._delivery.skipped(),
        )

    def _see_unsaved(self, standing: Standing, times: Times) -> float | None:
        """Return since when something has waited for a checkpoint; what was done meanwhile waits since the last one."""
        if not standing.pending and standing.done_up_to in (None, times.saved_up_to):
            self._unsaved_since = None
        else:
            self._unsaved_since = max(self._unsaved_since or time.time(), times.saved_at or 0.0)
        return self._unsaved_since


def _seconds(millis: int) -> float | None:
    """Return a time in seconds; None for a record that could not be decoded, or for none."""
    return millis / 1000 or None
