"""`record-processor pause`, `resume` and `skip`: orders that all workers of an application follow."""

from __future__ import annotations

import getpass
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.aws import clients
from record_processor.aws.clients import explained
from record_processor.config.credential_providers import check_provider
from record_processor.config.properties import read_properties
from record_processor.delivery.orders import Orders, Pause, Reload, Scope, Skip
from record_processor.errors import SetupError
from record_processor.fleet import kcl_state, orders_item, worker_report
from record_processor.fleet.look import look
from record_processor.fleet.server_clock import ServerClock
from record_processor.host import fleet_target, stream_arns
from record_processor.host.check import check
from record_processor.logs.terminal import say
from record_processor.tools import skip_outcome, steer_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from record_processor.fleet.model import Shard
    from record_processor.fleet.worker_report import WorkerReport

_LONGEST_REASON = 300
_CONFIRM_SECONDS = 10.0
_RELOAD_SECONDS = 60.0
_PAUSE_SECONDS = 0.3


class Steer:
    """Steers the application of a properties file. Nothing is connected before the first order."""

    def __init__(self, path: Path, overrides: Iterable[str]) -> None:
        """Read the properties.

        Raises:
            InvalidConfigError: they have errors.
            SetupError: a program of the user's runs per shard, which follows no orders.
        """
        self._path = path
        self._overrides = [*overrides]
        self._configuration = read_properties(path, self._overrides, os.environ)
        stream_arns.check_names(str(path), self._configuration.stream_names, self._configuration.aws.region)
        check_provider(self._configuration.aws.tables_provider)
        if self._configuration.executable_name is not None:
            raise SetupError(f"{path}: executableName: your program follows no orders; only actions do")
        self._table = self._configuration.tables.coordinator.name
        self._client: Any = None

    def pause(self, table: str | None, action: str | None, shard: str | None, reason: str) -> int:
        """Return the exit status. Raises SetupError if nothing was ordered."""
        check_reason(reason)
        scope = self._scope(table, action, shard)
        pause = Pause(who(), time.time(), reason, scope=scope)
        before = self._orders()
        if known := next((one for one in before.pauses if one.scope == scope), None):
            say(f"{scope} was paused already, by {known.by}" + (f": {known.reason}" if known.reason else ""))
        orders = self._change(lambda orders: orders if _has(orders, scope) else _with(orders, pause))
        return self._confirmed(f"{scope} is paused", orders.version)

    def resume(self, table: str | None, action: str | None, shard: str | None, everything: bool) -> int:
        """Return the exit status. Raises SetupError if nothing was paused that way."""
        self._items()  # an application without tables is told so
        scope = Scope() if everything else self._scope(table, action, shard)
        before = self._orders()
        gone = [one for one in before.pauses if everything or one.scope == scope]
        if not gone:
            raise SetupError(_not_paused(scope, before.pauses))
        orders = self._change(lambda orders: _without(orders, [one.scope for one in gone]))
        status = self._confirmed(f"{', '.join(str(one.scope) for one in gone)} is resumed", orders.version)
        for left in orders.pauses:
            say(f"still paused: {left.scope}, by {left.by}")
        return status

    def reload(self, reason: str) -> int:
        """Return the exit status.

        Raises:
            InvalidConfigError: the actions here have errors.
            SetupError: nothing was ordered.
        """
        check_reason(reason)
        check(self._path, self._overrides)
        self._items()
        orders = self._change(lambda orders: _with_reload(orders, reason))
        assert orders.reload is not None  # noqa: S101 - it was just ordered
        return self._reloaded(orders.reload.number)

    def _reloaded(self, number: int) -> int:
        """Wait until every worker has followed or refused this order to reload; return the exit status."""
        end = time.monotonic() + _RELOAD_SECONDS
        while True:
            reports = self._reports()
            answers = {one.worker_id: one.reloaded for one in reports if one.reloaded and one.reloaded.number >= number}
            others = [one.worker_id for one in reports if one.worker_id not in answers]
            if not others or time.monotonic() > end:
                break
            time.sleep(_PAUSE_SECONDS)
        for worker_id, answer in answers.items():
            if answer.error is not None:
                say(f"{worker_id} refuses: {answer.error}", err=True)
        if others:
            say(f"not confirmed by {', '.join(others)}: cut off, killed, or of an older version", err=True)
        done = sum(answer.error is None for answer in answers.values())
        say(f"{done} of {len(reports)} workers have the new actions" if reports else "no worker reports itself")
        return 0 if done == len(reports) else 1

    def skip(self, shard_name: str, sequence_number: str, action: str, reason: str) -> int:
        """Return the exit status. Raises SetupError if nothing was ordered."""
        check_reason(reason)
        self._check_action(action, self._items())
        target = fleet_target.connect(self._configuration)
        shard = steer_names.shard(look(target), shard_name)
        ordered = self._skip_of(shard, sequence_number, action)
        if not steer_names.blocks(shard, sequence_number, action):
            if ordered is None:
                raise SetupError(steer_names.not_blocked(shard, sequence_number, action))
            say(f"record {sequence_number} was skipped already, by {ordered.by}: {ordered.reason}")
            return 0
        skip = ordered or Skip(
            who(),
            time.time(),
            reason,
            table=shard.table,
            shard_id=shard.shard_id,
            sequence_number=sequence_number,
            action=action,
        )
        self._change(lambda orders: orders if skip in orders.skips else _with_skip(orders, skip))
        return skip_outcome.wait(lambda: look(target), skip, self._path)

    def _skip_of(self, shard: Shard, sequence_number: str, action: str) -> Skip | None:
        skips = self._orders().skips_of(shard.table, shard.shard_id)
        return next((one for one in skips if (one.sequence_number, one.action) == (sequence_number, action)), None)

    def _scope(self, table: str | None, action: str | None, shard: str | None) -> Scope:
        """Return what the options name.

        Raises:
            SetupError: there is no such thing, or the application has no tables.
        """
        table = steer_names.table(self._configuration, self._path, table)
        items = self._items()
        if action is not None:
            self._check_action(action, items)
        if shard is None:
            return Scope(table, None, action)
        found = steer_names.shard(look(fleet_target.connect(self._configuration)), shard, table)
        return Scope(found.table, found.shard_id, action)

    def _check_action(self, action: str, items: list[Any]) -> None:
        steer_names.check_action(action, self._configuration.actions_path, worker_report.reports_in(items))

    def _connected(self) -> Any:
        if self._client is None:
            aws = self._configuration.aws
            session = clients.session(aws.tables_provider, aws.region)
            self._client = clients.client(session, "dynamodb", aws.tables_endpoint)
        return self._client

    def _items(self, clock: ServerClock | None = None) -> list[Any]:
        """Return the items of the coordinator table."""
        found = kcl_state.scan(self._connected(), self._table, clock)
        if found is None:
            meta = self._connected().meta
            raise SetupError(
                f"there is no table {self._table!r} in {meta.region_name} at {meta.endpoint_url}: no worker of this "
                "application has run here. Are applicationName, the region and dynamoDBEndpoint right?"
            )
        return list(found)

    def _orders(self) -> Orders:
        with explained(f"table {self._table}"):
            return orders_item.read(self._connected(), self._table)

    def _change(self, made: Callable[[Orders], Orders]) -> Orders:
        with explained(f"table {self._table}"):
            return orders_item.change(self._connected(), self._table, made)

    def _confirmed(self, what: str, version: int) -> int:
        """Wait until all workers follow this version of the orders; return the exit status."""
        began = time.monotonic()
        while True:
            followers, others = self._workers(version)
            seconds = time.monotonic() - began
            if not others or seconds > _CONFIRM_SECONDS:
                break
            time.sleep(_PAUSE_SECONDS)
        if others:
            names = ", ".join(others)
            say(f"{what}; not confirmed by {names}: cut off, killed, or of an older version", err=True)
            say("a worker that is cut off goes on until its leases expire (failoverTimeMillis)", err=True)
            return 1
        workers = f"all {len(followers)} workers" if len(followers) != 1 else "its worker"
        confirmed = f"confirmed by {workers} after {seconds:.1f} s" if followers else "no worker reports itself"
        say(f"{what}: {confirmed}")
        return 0

    def _reports(self) -> list[WorkerReport]:
        """Return the reports of workers that say that they live."""
        clock = ServerClock()
        items = self._items(clock)
        return [report for report in worker_report.reports_in(items) if report.is_current(clock.now())]

    def _workers(self, version: int) -> tuple[list[str], list[str]]:
        """Return the workers that follow a version of the orders, and those that do not."""
        reports = self._reports()
        followers = [one.worker_id for one in reports if (one.orders_version or 0) >= version]
        return followers, [one.worker_id for one in reports if one.worker_id not in followers]


def _has(orders: Orders, scope: Scope) -> bool:
    return any(pause.scope == scope for pause in orders.pauses)


def _with(orders: Orders, pause: Pause) -> Orders:
    return msgspec.structs.replace(orders, pauses=[*orders.pauses, pause])


def _with_reload(orders: Orders, reason: str) -> Orders:
    number = orders.reload.number + 1 if orders.reload is not None else 1
    return msgspec.structs.replace(orders, reload=Reload(who(), time.time(), reason, number=number))


def _with_skip(orders: Orders, skip: Skip) -> Orders:
    return msgspec.structs.replace(orders, skips=[*orders.skips, skip])


def _without(orders: Orders, scopes: list[Scope]) -> Orders:
    return msgspec.structs.replace(orders, pauses=[one for one in orders.pauses if one.scope not in scopes])


def _not_paused(scope: Scope, pauses: list[Pause]) -> str:
    if not pauses:
        return f"{scope} is not paused, and nothing else is"
    known = "; ".join(f"{one.scope}, by {one.by}" for one in pauses)
    return f"{scope} is not paused by itself. Paused: {known}. Name it as it was named then, or use --all"


def check_reason(reason: str) -> None:
    """Raise SetupError if it is too long."""
    if len(reason) > _LONGEST_REASON:
        raise SetupError(f"--reason: expected at most {_LONGEST_REASON} characters, found {len(reason):,}")


def who() -> str:
    """Return who gives this order."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = str(os.getuid())
    via = os.environ.get(orders_item.VIA_VARIABLE)
    return f"{user}@{socket.gethostname()}" + (f" ({via})" if via else "")
