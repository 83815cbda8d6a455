"""Reads the application's orders about once a second, and passes them on to the shard processes of this host."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from record_processor.aws.explanations import explanation
from record_processor.delivery.orders import Orders
from record_processor.delivery.orders_file import OrdersFile
from record_processor.errors import RecordProcessorError, described
from record_processor.fleet import orders_item
from record_processor.logs.log_events import Log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from record_processor.delivery.orders import Order, Pause, Reload

log = Log("daemon.orders")

_LOOK_SECONDS = 1.0
_STOP_SECONDS = 3.0
# Nobody answers at all; a table that is slow, throttled or refuses is no reason to stop what works.
_CUT_OFF = (ConnectTimeoutError, EndpointConnectionError)


class OrdersWatch:
    """Begins at once, in a thread of its own, and ends with `stop`.

    Until the orders have been read for the first time, nothing begins on this host. Later those that were read last
    stay in force: a host that cannot reach the table loses its leases before long. When it reaches the table again, it
    gets its leases back perhaps before its orders: so a host that has been cut off for as long as a lease lives is like
    one that starts.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        table: str,
        path: Path,
        reload: Callable[[Reload, bool], None] = lambda _ordered, _is_first: None,
        failover_seconds: float = math.inf,
    ) -> None:
        """`connect` returns a client. It is called in the watch's thread: a start does not wait for it.

        `reload` is called for each order to reload, and with whether it was there at the first look.

        Raises:
            OSError: there is no room for the file.
        """
        self._connect = connect
        self._reload = reload
        self._table = table
        self._orders = Orders(is_known=False)
        self._file = OrdersFile(path, self._orders)
        self._failover_seconds = failover_seconds
        self._read_at = time.monotonic()
        self._said = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="orders-watch", daemon=True)
        self._thread.start()

    @property
    def version(self) -> int | None:
        """The version of the orders that are in force on this host; None: they are not known yet."""
        return self._orders.version if self._orders.is_known else None

    def replaced_actions(self) -> None:
        """Have the shard processes of this host begin again with the actions as they are now."""
        self._file.replaced_actions()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except Exception as error:  # a bug here must not make this host deaf for good
                self._unavailable(described(error))
            if self._stopped.wait(_LOOK_SECONDS):
                return

    def _look(self) -> None:
        try:
            found = self._read()
        except _CUT_OFF as error:
            self._forget_if_late()
            self._unavailable(explanation(error))
        except (BotoCoreError, ClientError) as error:
            self._unavailable(explanation(error))
        except RecordProcessorError as error:
            self._unavailable(str(error))
        else:
            self._said, self._read_at = "", time.monotonic()
            if found != self._orders:
                before, self._orders = self._orders, found
                self._file.write(found)
                _say_changes(before, found)
                if found.reload is not None and found.reload != before.reload:
                    self._reload(found.reload, not before.is_known)

    def _forget_if_late(self) -> None:
        """Begin nothing before the orders are read again, if no lease can have been renewed since they were."""
        if self._orders.is_known and time.monotonic() - self._read_at > self._failover_seconds:
            self._said = ""
            self._orders = msgspec.structs.replace(self._orders, is_known=False)
            self._file.write(self._orders)

    def _read(self) -> Orders:
        client = self._connect()
        try:
            return orders_item.read(client, self._table)
        except client.exceptions.ResourceNotFoundException:
            return Orders()  # KCL's tables are being created

    def _unavailable(self, why: str) -> None:
        """Log it once; again if it comes back."""
        if why == self._said:
            return
        self._said = why
        if self._orders.is_known:
            log.warning("orders.unavailable", f"the orders of {self._table} cannot be read, the last ones stay: {why}")
        else:
            message = f"nothing begins before the orders of {self._table} have been read, which fails: {why}"
            log.error("orders.unavailable", message)


def _say_changes(before: Orders, after: Orders) -> None:
    for pause in after.pauses:
        if pause not in before.pauses:
            log.warning("pause.begun", f"{pause.scope} is paused by {pause.by}{_why(pause)}", **_fields(pause))
    for pause in before.pauses:
        if pause not in after.pauses:
            log.warning("pause.ended", f"{pause.scope} is resumed, which {pause.by} had paused", **_fields(pause))
    for skip in after.skips:
        if skip not in before.skips and before.is_known:
            log.warning(
                "skip.ordered",
                f"{skip.by} skips a record of {skip.action}{_why(skip)}",
                table=skip.table,
                shard_id=skip.shard_id,
                sequence_number=skip.sequence_number,
                action=skip.action,
                **_who(skip),
            )
    if (seek := after.seek) is not None and seek != before.seek and before.is_known:
        message = f"{seek.by} has {seek.shards} shard(s) begin at {seek.to}{_why(seek)}"
        first = msgspec.to_builtins(seek.first)
        log.warning("seek.ordered", message, to=seek.to, shards=seek.shards, first=first, **_who(seek))


def _why(order: Order) -> str:
    return f": {order.reason}" if order.reason else ""


def _fields(pause: Pause) -> dict[str, Any]:
    scope = pause.scope
    named = {"table": scope.table, "shard_id": scope.shard_id, "action": scope.action}
    return {**{name: value for name, value in named.items() if value is not None}, **_who(pause)}


def _who(order: Order) -> dict[str, Any]:
    return {"by": order.by, "reason": order.reason, "ordered_at": order.at}
