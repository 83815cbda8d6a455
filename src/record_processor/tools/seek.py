"""`record-processor seek`: shards of an application begin elsewhere."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec

from record_processor.aws.clients import explained
from record_processor.config.credential_providers import check_provider
from record_processor.config.properties import read_properties
from record_processor.delivery.orders import Seek, SoughtShard
from record_processor.errors import SetupError
from record_processor.fleet import orders_item
from record_processor.fleet.seek_write import LeaseWriter
from record_processor.host import fleet_target, stream_arns
from record_processor.logs.terminal import say
from record_processor.tools import seek_text, seek_to, steer_names
from record_processor.tools.confirmation import confirm
from record_processor.tools.seek_planner import Planner
from record_processor.tools.steer import check_reason, who

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from record_processor.fleet.seek_plan import Move
    from record_processor.tools.seek_planner import Asked

_PAUSE_SECONDS = 1.0
_TAKING_SECONDS = 30.0
_MOST_TOLD = 10


class SeekCommand:
    """Plans first, and changes nothing before `run`."""

    def __init__(self, path: Path, overrides: Iterable[str], asked: Asked) -> None:
        """Read everything.

        Raises:
            InvalidConfigError: the properties have errors.
            SetupError: what is asked for cannot be done.
        """
        check_reason(asked.reason)
        configuration = read_properties(path, [*overrides], os.environ)
        stream_arns.check_names(str(path), configuration.stream_names, configuration.aws.region)
        check_provider(configuration.aws.tables_provider)
        # Mistakes are told before anything is connected.
        seek_to.understood(asked.to)
        self._asked = asked._replace(table=steer_names.table(configuration, path, asked.table))
        self._target = fleet_target.connect(configuration)
        self._failover_seconds = configuration.leases.failover_time_millis / 1000
        self._plan = Planner(self._target).plan(self._asked)
        self._moves = self._plan.moves

    def run(self, dry_run: bool, *, is_sure: bool) -> int:
        """Show what would happen and, if somebody is sure, do it; return the exit status.

        Raises:
            SetupError: nothing was changed.
        """
        self._show()
        if dry_run:
            say("nothing was changed")
            return 0
        shards = _shards(len(self._moves))
        confirm(
            f"Have {shards} begin there?",
            is_sure=is_sure,
            otherwise=f"nothing was changed: --yes has {shards} (above) begin there",
        )
        order = self._tell_workers()
        if not self._write():
            return 1
        say(f"{shards} changed")
        try:
            return 1 if self._was_crossed(order) else self._wait()
        except SetupError as error:
            say(f"what became of them is not known: {error}", err=True)
            return 1

    def _show(self) -> None:
        shards = {(shard.stream_arn, shard.shard_id): shard for shard in self._plan.found.shards}
        for line in seek_text.lines(self._moves, shards, self._plan.created):
            say(line)
        left = len(shards) - len(self._moves)
        say(f"{_shards(len(self._moves))} to begin elsewhere, {left} to stay as they are")

    def _tell_workers(self) -> Seek:
        """Have every worker log it. Before anything changes: no change is without its author."""
        first = [
            SoughtShard(move.shard.shard_id, move.was or seek_text.NO_LEASE, seek_text.checkpoint(move.place))
            for move in self._moves[:_MOST_TOLD]
        ]
        seek = Seek(who(), time.time(), self._asked.reason, to=self._asked.to, shards=len(self._moves), first=first)
        with explained(f"table {self._target.coordinator_table}"):
            orders_item.change(
                self._target.dynamodb,
                self._target.coordinator_table,
                lambda orders: msgspec.structs.replace(orders, seek=seek),
            )
        return seek

    def _was_crossed(self, order: Seek) -> bool:
        """Return, and say, whether somebody else gave such an order meanwhile: the leases may be a mixture of both."""
        with explained(f"table {self._target.coordinator_table}"):
            last = orders_item.read(self._target.dynamodb, self._target.coordinator_table).seek
        if last == order or last is None:
            return False
        asked = f"{last.by} has {_shards(last.shards)} begin at {last.to}"
        say(f"{asked} at the same time, so some may begin there: run the command again", err=True)
        return True

    def _write(self) -> bool:
        """Write all leases; return whether that is done. What is done when it is not is said, whatever the cause.

        It ends with the first that cannot be written: its parents come after it, and must not begin again without it.

        Raises:
            SetupError: nothing was changed.
        """
        writer, done = self._writer(), 0
        try:
            for move in self._moves:
                with explained(f"lease table {self._target.lease_table}"):
                    writer.write(move)
                done += 1
        except SetupError as error:
            if not done:
                raise
            say(str(error), err=True)
        finally:
            if 0 < done < len(self._moves):
                say(f"changed: {_names(self._moves[:done])}", err=True)
                say(f"not changed: {_names(self._moves[done:])}. Run the command again", err=True)
        return done == len(self._moves)

    def _wait(self) -> int:
        """Wait until workers, if any run, have the leases; return the exit status.

        By then those that had them have let go.
        """
        if all(worker.is_late for worker in self._plan.found.workers):
            say("no worker runs: they begin there with the next one")
            return 0
        say(f"workers let go, and begin there after failoverTimeMillis ({self._failover_seconds:g} s)")
        end = time.monotonic() + 2 * self._failover_seconds + _TAKING_SECONDS
        left, writer = self._moves, self._writer()
        while left:
            time.sleep(_PAUSE_SECONDS)
            with explained(f"lease table {self._target.lease_table}"):
                left = [move for move in left if not writer.is_taken(move)]
            if left and time.monotonic() > end:
                say(f"no worker has taken these yet: {_names(left)}. They begin there when one does", err=True)
                return 1
        say("workers have all of them")
        return 0

    def _writer(self) -> LeaseWriter:
        return LeaseWriter(self._target.dynamodb, self._target.lease_table, is_multi=self._plan.is_multi)


def _shards(count: int) -> str:
    return f"{count} shard" + "s" * (count != 1)


def _names(moves: Iterable[Move]) -> str:
    return ", ".join(move.shard.shard_id for move in moves)
