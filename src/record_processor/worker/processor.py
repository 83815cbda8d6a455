"""The record processor of one shard, under kclpy."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from amazon_kclpy.v3.processor import RecordProcessorBase

from record_processor import logs
from record_processor.actions.base import Action, Shard
from record_processor.errors import LeaseLostError, StopRequestedError
from record_processor.worker.checkpoints import Checkpoints
from record_processor.worker.delivery.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from record_processor.worker.lease import Lease
    from record_processor.worker.records import Stream

log = logs.Log("worker.processor")

# Exit statuses of a child; the Java side (ChildProcessor) tells the first from the second.
EXIT_FAILED = 1
EXIT_LEASE_LOST = 3

F = TypeVar("F", bound="Callable[..., None]")


def _nothing_escapes(method: F) -> F:
    """End the process on any error.

    kclpy prints an exception of a processor and answers "done" all the same: the records would be skipped, silently.
    An exit makes the Java side give the lease back, and the shard's next owner starts from the last checkpoint.
    """

    @functools.wraps(method)
    def guarded(self: RecordProcessor, *args: Any) -> None:
        try:
            method(self, *args)
        except LeaseLostError as error:
            log.info("lease.lost", f"{error}; work in hand is abandoned")
            raise SystemExit(EXIT_LEASE_LOST) from None
        except Exception as error:
            log.error("shard.failed", f"this shard's process ends: {error}", exception=error)
            raise SystemExit(EXIT_FAILED) from None

    return guarded  # type: ignore[return-value]


class RecordProcessor(RecordProcessorBase):
    """Has records delivered, and checkpoints what is done. A call may return with its records still on their way."""

    version = 3

    def __init__(
        self,
        actions: Sequence[Action[Any]],
        stream: Stream,
        lease: Lease,
        checkpoint_interval_seconds: float,
        grace_seconds: float,
    ) -> None:
        self._stream = stream
        self._engine = Engine(actions, lease, grace_seconds)
        self._checkpoints = Checkpoints(checkpoint_interval_seconds, lease, self._engine)
        # Set once records were left out because of a stop: none after them may be taken in.
        self._stopped = False

    @property
    def abandoned_work(self) -> bool:
        """Whether a call of an action is still running that nobody waits for."""
        return self._engine.busy

    @_nothing_escapes
    def initialize(self, initialize_input: Any) -> None:
        shard = Shard(initialize_input.shard_id, self._stream)
        logs.bind(shard_id=shard.shard_id)
        self._engine.open(shard)
        log.info("shard.started", "reading", sequence_number=initialize_input.sequence_number)

    @_nothing_escapes
    def process_records(self, process_records_input: Any) -> None:
        if self._stopped:
            return
        try:
            self._engine.submit(process_records_input.records)
            self._checkpoints.save_if_due(process_records_input.checkpointer)
            self._engine.check()
        except StopRequestedError:
            self._stopped = True

    @_nothing_escapes
    def lease_lost(self, _lease_lost_input: Any) -> None:
        if not self._stopped:
            log.info("lease.lost", "another worker has the shard now")
        self._engine.close()

    @_nothing_escapes
    def shard_ended(self, shard_ended_input: Any) -> None:
        if self._stopped:
            raise LeaseLostError("the shard ended while the worker was stopping, with records undone")
        try:
            self._engine.finish()
        except StopRequestedError as error:
            # There is no other checkpoint than the shard's end here, so what is undone is left to the next owner.
            raise LeaseLostError(str(error)) from None
        self._checkpoints.save_shard_end(shard_ended_input.checkpointer)
        log.info("shard.ended", "every record of the shard is done")
        self._engine.close()

    @_nothing_escapes
    def shutdown_requested(self, shutdown_requested_input: Any) -> None:
        self._stopped = True
        self._engine.drain()
        self._checkpoints.save(shutdown_requested_input.checkpointer)
        log.info("shard.stopped", "progress saved")
