"""What the orders mean for one shard, and the fence of each of its actions that follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.delivery.orders_file import CHANGE, OrdersView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from record_processor.delivery.fence import Fence
    from record_processor.delivery.orders import Skip

_NAP_SECONDS = 0.1


class Steering:
    """The orders for one shard. Thread-safe."""

    def __init__(self, view: OrdersView, table: str = "", shard_id: str = "") -> None:
        self._view = view
        self.numbers = view.numbers
        """Of these `CHANGE` says whether something is ordered, for this shard or another one: 0 if not."""
        self._table = table
        self._shard_id = shard_id

    @property
    def any(self) -> bool:
        """Whether something is ordered, for this shard or another one."""
        return self.numbers[CHANGE] != 0

    def is_paused(self, action: str) -> bool:
        orders = self._view.look()
        pauses = orders.pauses_of(self._table, self._shard_id)
        return not orders.is_known or any(pause.scope.action in (None, action) for pause in pauses)

    def are_paused(self, actions: Iterable[str]) -> bool:
        """Return whether one of these is."""
        return self.any and any(self.is_paused(action) for action in actions)

    def skip_of(self, action: str, sequence_number: str) -> Skip | None:
        """Return the order to skip a record; None if there is none."""
        skips = self._view.look().skips_of(self._table, self._shard_id)
        wanted = (action, sequence_number)
        return next((skip for skip in skips if (skip.action, skip.sequence_number) == wanted), None)


NO_STEERING = Steering(OrdersView(None))


class ActionFence:
    """The fence of a shard, and beside it the pauses of one action. Thread-safe."""

    def __init__(self, shard: Fence, action: str, steering: Steering = NO_STEERING) -> None:
        self.shard = shard
        """For what is no call of the action."""
        self.steering = steering
        self._numbers = steering.numbers
        self._action = action

    def may_begin(self) -> bool:
        """Return whether a call may start, after a late renewal if need be; False if the action is paused.

        Raises:
            LeaseLostError: the lease is lost.
            StopRequestedError: a stop was requested, as `Fence.check` raises it.
        """
        self.shard.check()
        return not self._numbers[CHANGE] or not self.steering.is_paused(self._action)

    def rest(self) -> None:
        """Wait a moment, in which nothing is sent; raises at once on a lost lease or a stop."""
        self.shard.sleep(_NAP_SECONDS)

    @property
    def is_paused(self) -> bool:
        return self.steering.any and self.steering.is_paused(self._action)

    def sleep(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Wait before a retry, or until something else is to be done; raises what `Fence.sleep` raises."""
        self.shard.sleep(seconds, is_over)
