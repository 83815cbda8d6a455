"""The delivery of one shard: records in, actions run, low-water mark out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from record_processor.errors import LeaseLostError, StopRequestedError, UndecodableRecordError
from record_processor.logs import Log
from record_processor.worker.backoff import delays
from record_processor.worker.delivery.dead import DeadLetters
from record_processor.worker.delivery.entry import Entry
from record_processor.worker.delivery.gate import Gate
from record_processor.worker.delivery.pipeline import Pipeline, RunningCall
from record_processor.worker.delivery.progress import Progress, Ticket
from record_processor.worker.record_filter import RecordFilter
from record_processor.worker.records import decode, undecoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.actions.base import Action, Shard
    from record_processor.worker.lease import Lease
    from record_processor.worker.protocol import ProtocolRecord

log = Log("worker.delivery")

MAX_PENDING_RECORDS = 10_000
MAX_PENDING_BYTES = 64 * 1024 * 1024
"""More than this is not taken in before something is done: a hanging action costs bounded memory."""
LOG_INTERVAL_SECONDS = 30.0
_CHUNK = 100
_NAP_SECONDS = 0.1
# After a stop, held batches may begin for a tenth of the grace time; then running calls may end for a half of it.
_DRAIN_PART = 0.1
_FINISH_PART = 0.5


class _Route:
    """One action, and which records go to it."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.ordered_as_a_whole = pipeline.ordered_as_a_whole
        pattern = pipeline.action.settings.filter
        self.wants = None if pattern is None else RecordFilter(pattern).accepts
        """Whether a record is for this action; None where all are."""
        self.entries: list[Entry] = []


class Engine:
    """All actions of one shard. Called by the protocol's thread alone; the actions run in threads of their own."""

    def __init__(self, actions: Sequence[Action[Any]], lease: Lease, grace_seconds: float) -> None:
        self._actions = actions
        self._grace_seconds = grace_seconds
        self._gate = Gate(lease, grace_seconds * _DRAIN_PART)
        self._progress = Progress()
        self._routes: list[_Route] = []
        self._last_report = time.monotonic()
        self._newest = 0
        """The sequence number of the last record that was taken in."""
        largest = max((action.batch_size for action in actions), default=1)
        # A batch must fit in, or a window would never fill.
        self._max_pending = max(MAX_PENDING_RECORDS, 2 * largest)

    def open(self, shard: Shard) -> None:
        self._shard = shard
        for action in self._actions:
            action.open(shard)
            letters = action.settings.dead_letter
            dead = DeadLetters(letters, action.settings.name, shard, self._gate) if letters is not None else None
            self._routes.append(_Route(Pipeline(action, self._progress, self._gate, dead)))

    def submit(self, records: Sequence[ProtocolRecord]) -> None:
        """Take records in, in stream order; waits while too much is pending.

        Raises:
            LeaseLostError: nothing more may begin here.
            StopRequestedError: the rest was not taken in.
        """
        records = self._without_repeated(records)
        for start in range(0, len(records), _CHUNK):
            self._wait_for_room()
            self._take_in(records[start : start + _CHUNK])

    def low_water(self) -> str | None:
        """The sequence number up to which everything is done, though perhaps not yet safe (`make_safe`)."""
        for route in self._routes:
            route.pipeline.report()
        return self._progress.low_water()

    def make_safe(self) -> None:
        """Return when what the low-water mark passed before the call survives a crash.

        Raises:
            LeaseLostError, StopRequestedError: it may not.
        """
        for action in self._actions:
            for attempts, delay in enumerate(delays(), start=1):
                self._gate.wait_until_held()
                try:
                    action.flush()
                except Exception as error:
                    self._flush_failed(action, error, attempts, delay)
                else:
                    break
                self._gate.sleep(delay)

    def check(self) -> None:
        """Raise LeaseLostError where the lease is lost; say what is blocked, once in a while."""
        self._gate.check_not_lost()
        self._report()

    def finish(self) -> None:
        """Return when every record taken in is done: the shard has ended. Raises what `submit` raises."""
        self._flush_batches()
        while self._progress.pending:
            self._nap()
            if self._gate.stop_requested:
                raise StopRequestedError("the worker was asked to stop before the shard's last records were done")

    def drain(self) -> None:
        """After a stop: send what is held, let running calls end, and give the rest up."""
        self._flush_batches()
        end = time.monotonic() + self._grace_seconds * _FINISH_PART
        drained = time.monotonic() + self._grace_seconds * _DRAIN_PART
        while self._progress.pending and time.monotonic() < end:
            if time.monotonic() > drained and not self.busy:
                break
            self._nap()
        self._close_queues()

    @property
    def busy(self) -> bool:
        """Whether a call of an action is running."""
        return any(route.pipeline.busy for route in self._routes)

    @property
    def pending(self) -> int:
        """How many records were taken in that some action is not done with."""
        return self._progress.pending

    def running(self) -> list[RunningCall]:
        """The calls of actions that are running."""
        return [call for route in self._routes for call in route.pipeline.running()]

    def close(self) -> None:
        """Let nothing begin any more, and let go of the actions that are at rest."""
        self._close_queues()
        self._gate.abandon()
        if not self.busy:
            for action in self._actions:
                action.close()

    def _without_repeated(self, records: Sequence[ProtocolRecord]) -> Sequence[ProtocolRecord]:
        """Leave out what was taken in before.

        When KCL believes that a read hangs, it reads again behind the last records that this process has answered for,
        and those in hand come twice; a host's clock that jumps is enough. A shard's sequence numbers only grow.
        """
        if not records or int(records[0].sequence_number) > self._newest:
            return records
        new = [record for record in records if int(record.sequence_number) > self._newest]
        log.info("records.repeated", f"KCL has read {len(records) - len(new)} records again; they are left out")
        return new

    def _take_in(self, records: Sequence[ProtocolRecord]) -> None:
        self._newest = int(records[-1].sequence_number)
        tickets = [self._route(record) for record in records]
        # Before any entry can be done: the mark must know all of them.
        self._progress.add(tickets)
        for route in self._routes:
            if route.entries:
                route.pipeline.put(route.entries)
                route.entries = []

    def _route(self, protocol_record: ProtocolRecord) -> Ticket:
        raw, number = protocol_record.binary_data, protocol_record.sequence_number
        ticket = Ticket(number, len(raw), 0)
        broken: UndecodableRecordError | None = None
        try:
            record = decode(raw, self._shard.stream, number)
        except UndecodableRecordError as error:
            record, broken = undecoded(raw, self._shard.stream, number), error
        for route in self._routes:
            fault = broken
            try:
                if fault is None and route.wants is not None and not route.wants(record):
                    continue
            except UndecodableRecordError as error:
                fault = error
            key = None if route.ordered_as_a_whole else record.raw_keys
            ticket.outstanding += 1
            route.entries.append(Entry(record, key, ticket, fault))
        return ticket

    def _wait_for_room(self) -> None:
        self.check()
        while self._progress.pending >= self._max_pending or self._progress.pending_bytes >= MAX_PENDING_BYTES:
            self._refuse_on_stop()
            self._nap(self._max_pending // 2)
        self._refuse_on_stop()

    def _refuse_on_stop(self) -> None:
        if self._gate.stop_requested:
            raise StopRequestedError("the worker was asked to stop")

    def _nap(self, at_most_pending: int = 0) -> None:
        for route in self._routes:
            route.pipeline.report()
        self._progress.wait(_NAP_SECONDS, at_most_pending)
        self.check()

    def _flush_batches(self) -> None:
        for route in self._routes:
            route.pipeline.flush()

    def _close_queues(self) -> None:
        for route in self._routes:
            route.pipeline.close()

    def _report(self) -> None:
        """Name what has been running for longer than a log interval: a call that hangs logs nothing itself."""
        now = time.monotonic()
        if now - self._last_report < LOG_INTERVAL_SECONDS:
            return
        self._last_report = now
        for route in self._routes:
            entry = route.pipeline.oldest_work()
            seconds = 0.0 if entry is None else time.time() - (entry.last_attempt or time.time())
            if entry is not None and seconds > LOG_INTERVAL_SECONDS:
                log.warning(
                    "delivery.slow",
                    f"{route.pipeline.action.settings.name} has been in the same call for {seconds:.0f} s",
                    action=route.pipeline.action.settings.name,
                    sequence_number=entry.record.sequence_number,
                    attempts=entry.attempts,
                    blocked_seconds=round(seconds, 1),
                    pending=self._progress.pending,
                )

    @staticmethod
    def _flush_failed(action: Action[Any], error: Exception, attempts: int, delay: float) -> None:
        log.error(
            "delivery.blocked",
            f"{action.settings.name} cannot make its work safe: {type(error).__name__}: {error}",
            exception=error if attempts == 1 else None,
            action=action.settings.name,
            attempts=attempts,
            next_try_seconds=round(delay, 1),
        )


__all__ = ["Engine", "LeaseLostError", "StopRequestedError"]
