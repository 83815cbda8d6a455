"""Whether work may start: it depends on the lease and on a stop."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from record_processor.errors import BrokenError, LeaseLostError, StopRequestedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.delivery.lease import Lease

# How long a sleeping retry takes to notice a lost lease or a stop.
_NAP_SECONDS = 0.1


class Fence:
    """Checked by every thread before it starts anything. Thread-safe.

    After a stop, held batches may still start for `drain_seconds`; nothing that failed once is retried.
    """

    def __init__(self, lease: Lease, drain_seconds: float, show_life: Callable[[], None] = lambda: None) -> None:
        self._lease = lease
        self._show_life = show_life
        self._drain_seconds = drain_seconds
        self._drain_until: float | None = None
        self._abandoned = threading.Event()
        self._shut = False
        self._defect: str | None = None

    def abandon(self, defect: str | None = None) -> None:
        """Let nothing start anymore; `defect` says what went wrong here, if that is the reason."""
        self._defect = self._defect or defect
        self._shut = True
        self._abandoned.set()

    def shut(self) -> None:
        """Let no call start anymore; what is done may still be saved."""
        self._shut = True

    @property
    def stop_requested(self) -> bool:
        return self._lease.stop_requested

    def check_not_lost(self) -> None:
        """Raise LeaseLostError if the lease is lost or the shard was given up; BrokenError if because of a defect."""
        if self._abandoned.is_set():
            raise BrokenError(self._defect) if self._defect else LeaseLostError("the shard was given up")
        self._lease.check_not_lost()

    def wait_until_held(self) -> None:
        """Return when the lease is valid: at once, or after a late renewal.

        Raises:
            LeaseLostError: it is lost, or a stop was requested while it was late.
        """
        self.check_not_lost()
        while not self._lease.held:
            if self._lease.stop_requested:
                raise LeaseLostError("the lease was not renewed in time, and the worker was asked to stop")
            self._nap(_NAP_SECONDS)
            self.check_not_lost()

    def check(self) -> None:
        """Let a batch start, after a late renewal if need be; or raise LeaseLostError or StopRequestedError."""
        if self._lease.work_may_begin and not self._shut:
            return
        self.wait_until_held()
        self._refuse_if_shut()
        if self._lease.stop_requested and time.monotonic() > self._drain_end():
            raise StopRequestedError("the worker was asked to stop")

    def sleep(self, seconds: float, is_over: Callable[[], bool] = lambda: False) -> None:
        """Wait before a retry, or until it is over; raises at once on a lost lease or a stop."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not is_over():
            self._check_retry()
            self._nap(min(left, _NAP_SECONDS))
        self._check_retry()

    def _nap(self, seconds: float) -> None:
        self._show_life()
        self._abandoned.wait(seconds)

    def _check_retry(self) -> None:
        self.check_not_lost()
        self._refuse_if_shut()
        if self._lease.stop_requested:
            raise StopRequestedError("the worker was asked to stop")

    def _refuse_if_shut(self) -> None:
        if self._shut:
            raise StopRequestedError("this process begins nothing anymore")

    def _drain_end(self) -> float:
        if self._drain_until is None:
            self._drain_until = time.monotonic() + self._drain_seconds
        return self._drain_until
