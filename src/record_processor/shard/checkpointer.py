"""When and how progress is saved. A checkpoint never passes a record that is not done and durable."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from amazon_kclpy.checkpoint_error import CheckpointError

from record_processor.delivery.backoff import delays
from record_processor.delivery.shard_report import CHECKPOINT_FAILURES, CHECKPOINTS, Counters
from record_processor.errors import CheckpointRefusedError, LeaseLostError
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from record_processor.delivery.lease import Lease

log = Log("worker.checkpoints")

# While the protocol waits for a checkpoint, the shard process takes in nothing and does not hear of a stop.
_LONGEST_PAUSE_SECONDS = 2.0

# Names of KCL's exceptions, which is all that the protocol says about them.
_LEASE_LOST = {"ShutdownException"}
# The last one means a lease table that cannot be reached: KCL passes the SDK's connection errors on as they are.
_TRY_AGAIN = {"ThrottlingException", "KinesisClientLibDependencyException", "RuntimeException"}


class Work(Protocol):
    """The progress that is to be checkpointed."""

    def low_water(self) -> str | None:
        """Return the sequence number up to which everything is done."""

    def make_durable(self) -> None:
        """Return when what `low_water` returned before survives a crash of this process."""

    def show_life(self) -> None:
        """Show that this process is alive while KCL waits for it."""


class Checkpointer:
    """The saved progress of one shard."""

    def __init__(self, interval_seconds: float, lease: Lease, work: Work) -> None:
        self._interval_seconds = interval_seconds
        self._lease = lease
        self._work = work
        self._saved: str | None = None
        self._last_saved = time.monotonic()
        self.saved_at: float | None = None
        """When a checkpoint was last saved (seconds since the epoch)."""
        self.counters = Counters()
        """Where checkpoints are counted, by the indices for a shard."""

    @property
    def saved_up_to(self) -> str | None:
        """The sequence number of the last checkpoint of this process; None: it has made none."""
        return self._saved

    def save_if_due(self, checkpointer: Any) -> None:
        if time.monotonic() - self._last_saved >= self._interval_seconds:
            self.save(checkpointer)

    def save(self, checkpointer: Any) -> None:
        """Save all progress.

        Raises:
            LeaseLostError: another worker owns the shard; it continues from the last saved checkpoint.
            CheckpointRefusedError: KCL rejects it permanently.
        """
        # Read before it is made durable: what is done in the meantime may not be durable.
        mark = self._work.low_water()
        if mark is None or mark == self._saved:
            return
        self._work.make_durable()
        self._checkpoint(checkpointer, mark)
        self._saved = mark
        self._last_saved = time.monotonic()
        self.saved_at = time.time()

    def save_shard_end(self, checkpointer: Any) -> None:
        """Save the end of the shard; KCL then lets its child shards start. Raises what `save` raises."""
        self._work.make_durable()
        self._checkpoint(checkpointer, None)

    def _checkpoint(self, checkpointer: Any, sequence_number: str | None) -> None:
        for delay in delays(_LONGEST_PAUSE_SECONDS):
            # A late lease may still be saved: the write is conditional, and is itself a renewal.
            self._lease.check_not_lost()
            self._work.show_life()
            try:
                checkpointer.checkpoint(sequence_number)
            except CheckpointError as error:
                self.counters.numbers[CHECKPOINT_FAILURES] += 1
                self._answer(error.value, sequence_number, delay)
            else:
                self.counters.numbers[CHECKPOINTS] += 1
                log.debug("checkpoint.saved", "checkpoint saved", sequence_number=sequence_number or "SHARD_END")
                return
            time.sleep(delay)

    def _answer(self, refusal: str, sequence_number: str | None, delay: float) -> None:
        if refusal in _LEASE_LOST:
            raise LeaseLostError("KCL says that another worker owns the shard")
        if refusal not in _TRY_AGAIN:
            raise CheckpointRefusedError(f"KCL refused the checkpoint at {sequence_number or 'SHARD_END'}: {refusal}")
        log.warning(
            "checkpoint.retry",
            f"the lease table did not accept the checkpoint ({refusal}); retrying",
            sequence_number=sequence_number or "SHARD_END",
            next_try_seconds=round(delay, 1),
        )
