"""When and how progress is saved. A checkpoint never passes a record that is not done and safe."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from amazon_kclpy.checkpoint_error import CheckpointError

from record_processor.errors import CheckpointRefusedError, LeaseLostError
from record_processor.logs import Log
from record_processor.worker.backoff import delays

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.worker.lease import Lease

log = Log("worker.checkpoints")

# Names of KCL's exceptions, which is all that the protocol tells of them.
_LEASE_LOST = {"ShutdownException"}
_TRY_AGAIN = {"ThrottlingException", "KinesisClientLibDependencyException"}


class Checkpoints:
    """The progress of one shard.

    `make_safe` is called before every checkpoint: what it returns from survives a crash of this process.
    """

    def __init__(self, interval_seconds: float, lease: Lease, make_safe: Callable[[], None]) -> None:
        self._interval_seconds = interval_seconds
        self._lease = lease
        self._make_safe = make_safe
        self._done: str | None = None
        self._last_saved = time.monotonic()

    def done(self, sequence_number: str) -> None:
        """All records up to and with this one are done."""
        self._done = sequence_number

    def save_if_due(self, checkpointer: Any) -> None:
        if time.monotonic() - self._last_saved >= self._interval_seconds:
            self.save(checkpointer)

    def save(self, checkpointer: Any) -> None:
        """Save all progress there is.

        Raises:
            LeaseLostError: another worker owns the shard; it goes on from the last checkpoint saved.
            CheckpointRefusedError: KCL refuses for good.
        """
        if self._done is not None:
            self._make_safe()
            self._checkpoint(checkpointer, self._done)
            self._done = None
        self._last_saved = time.monotonic()

    def save_shard_end(self, checkpointer: Any) -> None:
        """Say that the shard is done to its end; KCL then lets its children begin. Raises what `save` raises."""
        self._make_safe()
        self._checkpoint(checkpointer, None)
        self._done = None

    def _checkpoint(self, checkpointer: Any, sequence_number: str | None) -> None:
        for delay in delays():
            self._lease.check_held()
            try:
                checkpointer.checkpoint(sequence_number)
            except CheckpointError as error:
                self._answer(error.value, sequence_number, delay)
            else:
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
            f"the lease table did not take the checkpoint ({refusal}); trying again",
            sequence_number=sequence_number or "SHARD_END",
            next_try_seconds=round(delay, 1),
        )
