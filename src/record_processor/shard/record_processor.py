"""The record processor of one shard, under kclpy."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from amazon_kclpy.v3.processor import RecordProcessorBase

from record_processor.delivery.reporter import Reporter, Times
from record_processor.delivery.shard_delivery import ShardDelivery
from record_processor.delivery.shard_report import ShardReport
from record_processor.errors import (
    LeaseLostError,
    ReloadRequestedError,
    StartupFailedError,
    StopRequestedError,
    described,
)
from record_processor.logs import log_events
from record_processor.records.stream import Shard
from record_processor.shard.checkpointer import Checkpointer
from record_processor.system import process_end

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from record_processor.delivery.call_spans import CallTracer
    from record_processor.delivery.lease import Lease
    from record_processor.delivery.orders_file import OrdersView
    from record_processor.delivery.suspicion import Suspicion
    from record_processor.delivery.trials import Trials
    from record_processor.plugin.action import Action
    from record_processor.records.stream import Stream

log = log_events.Log("worker.processor")

_CRASH_LOOP_DEATHS = 3

F = TypeVar("F", bound="Callable[..., None]")


def _nothing_escapes(method: F) -> F:
    """End the process on any error.

    kclpy prints a processor's exception and still answers "done": the records would silently be skipped. An exit makes
    the Java side give the lease back, and the shard's next owner starts from the last checkpoint.
    """

    @functools.wraps(method)
    def guarded(self: RecordProcessor, *args: Any) -> None:
        try:
            method(self, *args)
        except LeaseLostError as error:
            log.info("lease.lost", f"{error}; work in hand is abandoned")
            raise SystemExit(process_end.LEASE_LOST) from None
        except StopRequestedError as error:
            log.info("shard.stopped", f"{error}; what is not saved is the next owner's")
            raise SystemExit(process_end.STOPPED) from None
        except ReloadRequestedError:  # the processor has logged that
            raise SystemExit(process_end.RELOAD) from None
        except StartupFailedError:  # the action has logged the reason
            raise SystemExit(process_end.ACTIONS) from None
        except BaseException as error:
            log.error("shard.failed", f"this shard's process ends: {described(error)}", exception=error)
            raise SystemExit(process_end.DEFECT) from None

    return guarded  # type: ignore[return-value]


class RecordProcessor(RecordProcessorBase):
    """Has records delivered, and checkpoints what is done. A call may return before its records are done."""

    version = 3

    def __init__(
        self,
        actions: Sequence[Action[Any]],
        stream: Stream,
        lease: Lease,
        checkpoint_interval_seconds: float,
        grace_seconds: float,
        trials: Trials | None = None,
        suspicions: Sequence[Suspicion] = (),
        report_path: Path | None = None,
        restarts: int = 0,
        orders: OrdersView | None = None,
        tracer: CallTracer | None = None,
    ) -> None:
        self._stream = stream
        self._lease = lease
        self._actions = [action.settings.name for action in actions]
        self._report_path = report_path
        self._restarts = restarts
        self._trials = trials
        self._reporter: Reporter | None = None
        self._suspicions = suspicions
        self._tracer = tracer
        self._delivery = ShardDelivery(actions, lease, grace_seconds, trials, suspicions, orders, tracer)
        self._checkpoints = Checkpointer(checkpoint_interval_seconds, lease, self._delivery)
        # Set once records were left out because of a stop: none after them may be taken in.
        self._stopped = False

    @_nothing_escapes
    def initialize(self, initialize_input: Any) -> None:
        shard = Shard(initialize_input.shard_id, self._stream)
        log_events.bind(shard_id=shard.shard_id)
        self._delivery.will_save()
        report = ShardReport(self._report_path, shard, self._actions, self._restarts, self._lease.path.name)
        self._begin_reporting(report)
        self._delivery.open(shard, initialize_input.sequence_number)
        log.info("shard.started", "reading", sequence_number=initialize_input.sequence_number)
        _say_crash_loop(self._suspicions)

    @_nothing_escapes
    def process_records(self, process_records_input: Any) -> None:
        if self._stopped:
            return
        records = process_records_input.records
        self._show_idle(False)
        try:
            self._delivery.submit(records)
            if records and self._reporter is not None:
                self._reporter.see_records()
            if self._delivery.save_wanted:
                self._checkpoints.save(process_records_input.checkpointer)
                self._delivery.saved()
            self._checkpoints.save_if_due(process_records_input.checkpointer)
            self._delivery.check()
            self._show_idle(not records and self._is_all_saved())
        except StopRequestedError:
            self._stopped = True
        except ReloadRequestedError:
            self._begin_again(process_records_input.checkpointer)

    @_nothing_escapes
    def lease_lost(self, _lease_lost_input: Any) -> None:
        if not self._stopped:
            log.info("lease.lost", "another worker now has the shard")
        self._delivery.close()
        self._send_spans()

    @_nothing_escapes
    def shard_ended(self, shard_ended_input: Any) -> None:
        try:
            if self._stopped:
                raise StopRequestedError("records were left out")
            self._delivery.finish()
        except StopRequestedError:
            self._stop_at_the_end(shard_ended_input.checkpointer)
        except ReloadRequestedError:
            self._begin_again(shard_ended_input.checkpointer)
        self._checkpoints.save_shard_end(shard_ended_input.checkpointer)
        log.info("shard.ended", "every record of the shard is done")
        self._delivery.close()
        self._send_spans()

    @_nothing_escapes
    def shutdown_requested(self, shutdown_requested_input: Any) -> None:
        self._stop(shutdown_requested_input.checkpointer)
        self._send_spans()

    def _send_spans(self) -> None:
        """Send spans before the answer: after it this process may be killed at any moment."""
        if self._tracer is not None:
            self._tracer.send()

    def _begin_reporting(self, report: ShardReport) -> None:
        self._checkpoints.counters = report.of_shard
        self._delivery.count_in(report)
        if self._report_path is not None:
            os.register_at_fork(after_in_child=report.detach)
            self._reporter = Reporter(report, self._delivery, self._lease, self._times)

    def _times(self) -> Times:
        return Times(self._checkpoints.saved_at, self._checkpoints.saved_up_to)

    def _is_all_saved(self) -> bool:
        standing = self._delivery.standing()
        return not standing.pending and standing.done_up_to in (None, self._checkpoints.saved_up_to)

    def _show_idle(self, is_idle: bool) -> None:
        if self._trials is not None:
            self._trials.show_idle(is_idle)

    def _begin_again(self, checkpointer: Any) -> NoReturn:
        """Save what is done and end: the next process has the new actions, and goes on from there."""
        self._stopped = True
        self._delivery.wind_up()
        cut_off = self._delivery.running()
        with contextlib.suppress(StopRequestedError):  # what cannot be made durable now is processed again
            self._checkpoints.save(checkpointer)
        if self._reporter is not None:
            self._reporter.look()
        log.info("shard.reloading", "the actions were replaced: this shard's process ends, and starts again with them")
        for call in cut_off:
            log.warning("shard.reloading", f"{call.action} was cut off in a call; it is made again", **call.fields())
        raise ReloadRequestedError("it starts again with the new actions")

    def _stop(self, checkpointer: Any) -> None:
        """Let running calls end, save what is done, and report what is not."""
        self._stopped = True
        self._delivery.drain()
        cut_off = self._delivery.running()
        self._checkpoints.save(checkpointer)
        if not cut_off:
            log.info("shard.stopped", "progress saved")
        for call in cut_off:
            log.warning(
                "shard.stopped",
                f"progress saved; {call.action} was cut off in a call that took {call.seconds:.1f} s: record "
                f"{call.record.sequence_number} may have been processed, and will be processed again",
                **call.fields(),
            )

    def _stop_at_the_end(self, checkpointer: Any) -> None:
        """Do the same when the shard has ended; return if everything is done, so that the end may be saved.

        Raises:
            StopRequestedError: KCL waits for the checkpoint of the end, which this process cannot make.
        """
        left_out = self._stopped
        self._stop(checkpointer)
        if left_out or self._delivery.pending:
            raise StopRequestedError("the shard ended while the worker was stopping, with records not yet processed")


def _say_crash_loop(suspicions: Sequence[Suspicion]) -> None:
    worst = max(suspicions, key=lambda one: one.deaths, default=None)
    if worst is not None and worst.deaths >= _CRASH_LOOP_DEATHS:
        tried = sum((one.action, one.part) == (worst.action, worst.part) for one in suspicions)
        others = f" or {tried - 1} records after it" if tried > 1 else ""
        log.error(
            "shard.crash_loop",
            f"this shard process has died {worst.deaths} times in {worst.action} at record {worst.sequence_number}"
            f"{others}; with dead_letter and retry.max_attempts it is given up; otherwise, fix the handler",
            action=worst.action,
            sequence_number=worst.sequence_number,
            records=tried,
            attempts=worst.attempts,
            deaths=worst.deaths,
        )
