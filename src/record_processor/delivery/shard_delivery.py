"""The delivery of one shard: records in, actions run, low-water mark out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from record_processor.delivery import durability, opening
from record_processor.delivery.action_runner import ActionRunner
from record_processor.delivery.blocks import MOST_SHOWN
from record_processor.delivery.counts import CountsReport
from record_processor.delivery.dead_letter_writer import DeadLetterWriter
from record_processor.delivery.fence import Fence
from record_processor.delivery.low_water_mark import LowWaterMark
from record_processor.delivery.record_router import RecordRouter
from record_processor.delivery.repeated import without_repeated
from record_processor.delivery.routes import Routes
from record_processor.delivery.shard_report import ShardReport
from record_processor.delivery.skipped import letters_of_skipped
from record_processor.delivery.slow_calls import SlowCalls, blocks_of
from record_processor.delivery.steering import NO_STEERING, ActionFence, Steering
from record_processor.delivery.suspects import Suspects
from record_processor.delivery.trials import Trials
from record_processor.errors import ReloadRequestedError, StopRequestedError
from record_processor.records.stream import NO_STREAM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.delivery.action_runner import RunningCall
    from record_processor.delivery.blocks import Block, Skipped
    from record_processor.delivery.call_spans import CallTracer
    from record_processor.delivery.lease import Lease
    from record_processor.delivery.low_water_mark import Standing
    from record_processor.delivery.orders_file import OrdersView
    from record_processor.delivery.suspicion import Suspicion
    from record_processor.plugin.action import Action
    from record_processor.records.raw_record import RawRecord
    from record_processor.records.stream import Shard

MAX_PENDING_RECORDS = 10_000
MAX_PENDING_BYTES = 64 * 1024 * 1024
"""Nothing more is taken in before something is done: a hanging action uses a limited amount of memory."""
REPORT_SECONDS = 1.0
# With fewer records per turn, the protocol's thread and the actions' threads spend CPU on passing Python's lock
# back and forth; with more, the first record waits longer (500 take about 1 ms).
_CHUNK = 500
_NAP_SECONDS = 0.1
# After a stop, held batches may start for a tenth of the grace time; then running calls have half of it to end.
_DRAIN_PART = 0.1
_FINISH_PART = 0.5


class ShardDelivery:
    """All actions of one shard. Only the protocol's thread calls it; the actions run in their own threads."""

    def __init__(
        self,
        actions: Sequence[Action[Any]],
        lease: Lease,
        grace_seconds: float,
        trials: Trials | None = None,
        suspicions: Sequence[Suspicion] = (),
        orders: OrdersView | None = None,
        tracer: CallTracer | None = None,
    ) -> None:
        """`orders` are what an operator has ordered; None: nothing ever. Without a `tracer` nothing is traced."""
        self._actions = actions
        self._orders = orders
        self._tracer = tracer
        self._steering = NO_STEERING
        self._trials = trials or Trials(None, actions, [])
        self._suspects = Suspects(suspicions, self._trials)
        self._grace_seconds = grace_seconds
        self._fence = Fence(lease, grace_seconds * _DRAIN_PART, self._trials.show_life)
        self._mark = LowWaterMark()
        self._routes = Routes()
        self._router = RecordRouter(NO_STREAM, self._routes)
        self._slow = SlowCalls()
        self._last_report = time.monotonic()
        self._counts = CountsReport([])
        self._shown = ShardReport(None, None, [action.settings.name for action in actions])
        self._newest = 0
        """The sequence number of the last record that was taken in."""
        # A whole batch must fit, or it would never be complete.
        self._max_pending = max(MAX_PENDING_RECORDS, *(2 * action.batch_size for action in actions))

    def count_in(self, report: ShardReport) -> None:
        """Count there, and show there what blocks. Call this before anybody looks, and before `open`."""
        self._shown = report

    def open(self, shard: Shard, after: str = "TRIM_HORIZON") -> None:
        """Get ready for the records of a shard that follow a checkpoint."""
        self._suspects.pass_over(after)
        self._router = RecordRouter(shard.stream, self._routes)
        if self._orders is not None:
            self._steering = Steering(self._orders, shard.stream.table, shard.shard_id)
        for action in self._actions:
            opening.open_action(action, shard, self.check_may_open)
            name, letters, dead = action.settings.name, action.settings.dead_letter, None
            if letters is not None:
                dead = DeadLetterWriter(letters, name, shard, self._fence, self._mark, self._shown.blocks)
            self._routes.add(self._runner(action, shard, dead))
        self._counts = CountsReport([route.runner.counts for route in self._routes.each])

    def _runner(self, action: Action[Any], shard: Shard, dead: DeadLetterWriter | None) -> ActionRunner:
        fence = ActionFence(self._fence, action.settings.name, self._steering)
        skipped = letters_of_skipped(dead, action.settings.name, shard, self._fence, self._mark, self._shown.blocks)
        spans = None if self._tracer is None else self._tracer.spans(action, shard)
        return ActionRunner(action, self._mark, fence, dead, skipped, self._suspects, self._trials, self._shown, spans)

    def check_may_open(self) -> None:
        """Raise LeaseLostError or StopRequestedError if there is no longer a reason to open an action."""
        self.check()
        self._refuse_on_stop()

    def submit(self, records: Sequence[RawRecord]) -> None:
        """Take records in, in stream order; wait while too much is pending.

        Raises:
            LeaseLostError: nothing more may start here.
            StopRequestedError, ReloadRequestedError: the rest was not taken in.
        """
        self._refuse_on_new_actions()  # also when there are none: most shards are idle most of the time
        records = without_repeated(records, self._newest)
        for start in range(0, len(records), _CHUNK):
            self._wait_for_room()
            self._take_in(records[start : start + _CHUNK])

    def low_water(self) -> str | None:
        """Return the sequence number up to which everything is done, perhaps not durably yet (`make_durable`)."""
        self._routes.report()
        return self._mark.low_water()

    def make_durable(self) -> None:
        """Return when everything that the low-water mark had passed before the call survives a crash.

        Raises:
            LeaseLostError, StopRequestedError: it may not.
        """
        durability.make_durable(self._actions, self._fence, self._mark, self._shown.blocks)

    def show_life(self) -> None:
        """Show that this process is alive while KCL waits for it."""
        self._trials.show_life()

    def check(self) -> None:
        """Raise LeaseLostError if the lease is lost; report what is blocked, once in a while."""
        self.show_life()
        self._fence.check_not_lost()
        self._report()

    def finish(self) -> None:
        """Return when every record taken in is done, because the shard has ended. Raises what `submit` raises."""
        self._suspects.saves = False
        self._routes.flush()
        while self._mark.pending:
            self._nap()
            if self._fence.stop_requested:
                raise StopRequestedError("the worker was asked to stop before the shard's last records were done")
            self._refuse_on_new_actions()

    def drain(self) -> None:
        """After a stop: send what is held, let running calls end, and give up the rest."""
        self._suspects.saves = False
        self._routes.flush()
        end = time.monotonic() + self._grace_seconds * _FINISH_PART
        drained = time.monotonic() + self._grace_seconds * _DRAIN_PART
        while self._mark.pending and time.monotonic() < end:
            if time.monotonic() > drained and not self.busy:
                break
            self._nap()
        self._routes.close()
        self._counts.say()

    def wind_up(self) -> None:
        """Before this process ends though its lease stays: finish what can be finished soon, and begin nothing else."""
        self._routes.flush()
        end = time.monotonic() + self._grace_seconds * _FINISH_PART
        settled = time.monotonic() + self._grace_seconds * _DRAIN_PART
        while self._mark.pending and time.monotonic() < settled and not self.is_paused:
            self._nap()
        self._routes.close()
        self._fence.shut()
        while self.busy and time.monotonic() < end and not self._fence.stop_requested:
            self._nap()
        self._counts.say()

    @property
    def busy(self) -> bool:
        """Whether a call of an action is running."""
        return self._routes.busy

    @property
    def save_wanted(self) -> bool:
        """Whether progress should be saved at once; call `saved` afterwards."""
        return self._suspects.save_wanted

    def saved(self) -> None:
        """Confirm that progress has been saved as requested."""
        self._suspects.saved()

    def will_save(self) -> None:
        """Announce that the caller watches `save_wanted`, so that waiting for it makes sense."""
        self._suspects.saves = True

    @property
    def pending(self) -> int:
        """How many records were taken in that some action is not done with."""
        return self._mark.pending

    def running(self) -> list[RunningCall]:
        """Return the running calls of all actions."""
        return self._routes.running()

    def standing(self) -> Standing:
        """Return how far the shard is done. Any thread may call this, and `blocks`."""
        self._routes.report()
        return self._mark.standing()

    def skipped(self) -> list[Skipped]:
        """Return records that an operator skipped."""
        return self._shown.blocks.skipped()

    @property
    def is_paused(self) -> bool:
        """Whether an action of the shard is paused."""
        return self._steering.are_paused(action.settings.name for action in self._actions)

    def blocks(self) -> list[Block]:
        """Return what is in the way: what failed, and calls that do not come to an end."""
        slow = blocks_of(self.running())
        return sorted([*self._shown.blocks.shown(), *slow], key=lambda block: block.since)[:MOST_SHOWN]

    def close(self) -> None:
        """Let nothing start anymore, and close the actions unless a call is running."""
        self._routes.close()
        self._fence.abandon()
        self._counts.say()
        if not self.busy:
            for action in self._actions:
                action.close()

    def _take_in(self, records: Sequence[RawRecord]) -> None:
        self._newest = int(records[-1].sequence_number)
        self._router.begin(len(records))
        tickets = [self._router.route(record) for record in records]
        # Before any entry can be done, the mark must know all of them.
        self._mark.add(tickets)
        if self._suspects.any:
            self._mark_suspects()
        self._routes.hand_over(len(records))

    def _mark_suspects(self) -> None:
        for route in self._routes.each:
            self._suspects.mark(route.runner.action.settings.name, route.entries)
        self._suspects.came_up_to(self._newest)

    def _wait_for_room(self) -> None:
        self.check()
        while self._mark.pending >= self._max_pending or self._mark.pending_bytes >= MAX_PENDING_BYTES:
            self._refuse_on_stop()
            self._refuse_on_new_actions()
            self._nap(self._max_pending // 2)
        self._refuse_on_stop()
        self._refuse_on_new_actions()

    def _refuse_on_new_actions(self) -> None:
        if self._orders is not None and self._orders.actions_were_replaced:
            raise ReloadRequestedError("the actions were replaced")

    def _refuse_on_stop(self) -> None:
        if self._fence.stop_requested:
            raise StopRequestedError("the worker was asked to stop")

    def _nap(self, at_most_pending: int = 0) -> None:
        self._routes.report()
        self._mark.wait(_NAP_SECONDS, at_most_pending)
        self.check()

    def _report(self) -> None:
        """Report what has been running for long: a hanging call logs nothing itself."""
        now = time.monotonic()
        if now - self._last_report < REPORT_SECONDS:
            return
        self._last_report = now
        self._counts.say_if_due()
        self._slow.say(self._routes.longest_running(), self._mark.pending)
