"""The record processor of one shard, under kclpy."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from amazon_kclpy.v3.processor import RecordProcessorBase

from record_processor import logs
from record_processor.actions.base import Action, Shard
from record_processor.errors import LeaseLostError, StopRequestedError, UndecodableRecordError
from record_processor.worker.backoff import delays
from record_processor.worker.checkpoints import Checkpoints
from record_processor.worker.delivery import Delivery
from record_processor.worker.records import ChangeRecord, Stream, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from record_processor.worker.lease import Lease
    from record_processor.worker.protocol import ProtocolRecord

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
    """Decodes what KCL hands over, has it delivered, and checkpoints what is done."""

    version = 3

    def __init__(
        self, actions: Sequence[Action[Any]], stream: Stream, lease: Lease, checkpoint_interval_seconds: float
    ) -> None:
        self._actions = actions
        self._stream = stream
        self._lease = lease
        self._delivery = Delivery(actions, lease)
        self._checkpoints = Checkpoints(checkpoint_interval_seconds, lease, self._delivery.make_safe)
        # Set once a record was left undone because of a stop: none after it may be delivered.
        self._stopped = False

    @_nothing_escapes
    def initialize(self, initialize_input: Any) -> None:
        shard = Shard(initialize_input.shard_id, self._stream)
        logs.bind(shard_id=shard.shard_id)
        for action in self._actions:
            action.open(shard)
        log.info("shard.started", "reading", sequence_number=initialize_input.sequence_number)

    @_nothing_escapes
    def process_records(self, process_records_input: Any) -> None:
        checkpointer = process_records_input.checkpointer
        try:
            for record in process_records_input.records:
                if self._stopped:
                    return
                self._process(record)
                self._checkpoints.save_if_due(checkpointer)
            self._checkpoints.save_if_due(checkpointer)
        except StopRequestedError:
            self._stopped = True

    @_nothing_escapes
    def lease_lost(self, _lease_lost_input: Any) -> None:
        if not self._stopped:
            log.info("lease.lost", "another worker has the shard now")
        self._close()

    @_nothing_escapes
    def shard_ended(self, shard_ended_input: Any) -> None:
        if self._stopped:
            raise LeaseLostError("the shard ended while the worker was stopping, with records undone")
        self._checkpoints.save_shard_end(shard_ended_input.checkpointer)
        log.info("shard.ended", "every record of the shard is done")
        self._close()

    @_nothing_escapes
    def shutdown_requested(self, shutdown_requested_input: Any) -> None:
        self._checkpoints.save(shutdown_requested_input.checkpointer)
        self._stopped = True
        log.info("shard.stopped", "progress saved")

    def _process(self, protocol_record: ProtocolRecord) -> None:
        record = self._decoded(protocol_record)
        self._delivery.deliver(record)
        self._checkpoints.done(record.sequence_number)

    def _decoded(self, record: ProtocolRecord) -> ChangeRecord:
        """The change; where there is none to be read the shard waits, loudly, since skipping it would lose it."""
        for delay in delays(longest_seconds=60):
            try:
                return decode(record.binary_data, self._stream, record.sequence_number)
            except UndecodableRecordError as error:
                log.error("record.undecodable", f"{error}; the shard waits", sequence_number=record.sequence_number)
            self._lease.sleep(delay)
        raise AssertionError("delays never end")

    def _close(self) -> None:
        for action in self._actions:
            action.close()
