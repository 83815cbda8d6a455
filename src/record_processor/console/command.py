"""`record-processor console`: serves the page until it is interrupted."""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from record_processor.console import authority
from record_processor.console.descriptions import Descriptions
from record_processor.console.letter_desk import LetterDesk
from record_processor.console.letter_places import LetterPlaces
from record_processor.console.order_desk import OrderDesk
from record_processor.console.poll import Configured, Poll
from record_processor.console.routes import Routes
from record_processor.console.server import LOOPBACK, ConsoleServer
from record_processor.console.tail import Tail
from record_processor.console.tail_desk import TailDesk
from record_processor.fleet.look import look
from record_processor.host import fleet_target, stream_arns
from record_processor.host.check import check
from record_processor.logs.terminal import say, say_exactly
from record_processor.records.stream import Stream
from record_processor.system.stop_signals import StopSignal, raise_stop_signals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from record_processor.config.worker_configuration import WorkerConfiguration
    from record_processor.fleet.look import Target
    from record_processor.host.check import Checked

# A worker on the same machine comes first.
_NICER = 10


def run(path: Path, overrides: Sequence[str], port: int, shows_values: bool, allows_actions: bool) -> None:
    """Serve it until SIGTERM or SIGINT.

    Raises:
        InvalidConfigError: the configuration has errors.
        SetupError: nothing can be shown, or the port is taken.
    """
    raise_stop_signals()
    with contextlib.suppress(StopSignal):
        checked = check(path, overrides)
        os.nice(_NICER)
        routes, token = Routes(), authority.new_token()
        with contextlib.ExitStack() as at_the_end:
            take = routes.order if allows_actions else None
            server = at_the_end.enter_context(ConsoleServer(port, routes.answer, take, token))
            target = fleet_target.connect(checked.configuration)
            target = target._replace(streams=Descriptions(target.streams))
            configured = [_configured(item) for item in checked.actions]
            poll = Poll(partial(look, target), configured, shows_values, allows_actions)
            poll.begin()
            routes.add("/api/state", lambda _: poll.ask())
            _add_letters(routes, checked, shows_values)
            _add_tails(routes, checked.configuration, target, shows_values)
            if allows_actions:
                at_the_end.callback(_add_orders(routes, path, overrides).close)
            _say_where(target.name, server.server_address[1], token if allows_actions else None)
            server.serve_forever()


def _say_where(name: str, port: int, token: str | None) -> None:
    """Print the address. What comes after # is not sent to any server, and stands in no log of one."""
    address = f"http://{LOOPBACK}:{port}/"
    if token is None:
        say(f"{name}: {address} (read-only); Ctrl-C ends it", err=True)
        return
    say(f"{name}: whoever opens this address may pause, skip, reload and replay; Ctrl-C ends it", err=True)
    say_exactly(f"{address}#token={token}", err=True)


def _add_orders(routes: Routes, path: Path, overrides: Sequence[str]) -> OrderDesk:
    desk = OrderDesk(path, overrides)
    routes.add("/api/orders", desk.outcome)
    routes.add_order("/api/orders", desk.take)
    routes.add_order("/api/orders/stop", desk.stop)
    return desk


def _add_letters(routes: Routes, checked: Checked, shows_values: bool) -> None:
    desk = LetterDesk(LetterPlaces(checked.actions, checked.configuration.aws.region), shows_values)
    routes.add("/api/dead-letters", desk.places)
    routes.add("/api/dead-letters/read", desk.read)
    routes.add("/api/dead-letters/letter", desk.letter)


def _add_tails(routes: Routes, configuration: WorkerConfiguration, target: Target, shows_values: bool) -> None:
    arns = {stream_arns.parts_of(arn)["table"]: arn for arn in target.newest_streams.values()}
    calls = fleet_target.stream_calls(configuration)

    def make(table: str, from_oldest: bool) -> Tail:
        return Tail(Stream(arns[table], target.region), target.streams, calls, from_oldest)

    routes.add("/api/tail", TailDesk(list(arns), make, shows_values).read)


def _configured(item: dict[str, Any]) -> Configured:
    place = item.get("dead_letter") or {}
    return Configured(item["name"], item["type"], place.get("type"))
