"""`record-processor seek`: shards of an application begin elsewhere."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from record_processor.aws.clients import explained
from record_processor.config.credential_providers import check_provider
from record_processor.config.properties import read_properties
from record_processor.delivery.orders import Seek, SoughtShard
from record_processor.errors import SetupError
from record_processor.fleet import kcl_state, look, orders_item, seek_plan
from record_processor.fleet.seek_write import LeaseWriter
from record_processor.fleet.server_clock import ServerClock
from record_processor.host import fleet_target, stream_arns
from record_processor.logs.terminal import say
from record_processor.tools import seek_reads, seek_text, seek_to, steer_names
from record_processor.tools.confirmation import confirm
from record_processor.tools.steer import check_reason, who

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from record_processor.fleet.lineage import Lineage
    from record_processor.fleet.seek_plan import Move, Place

_PAUSE_SECONDS = 1.0
_TAKING_SECONDS = 30.0
_MOST_TOLD = 10


class Asked(NamedTuple):
    """What the options say."""

    to: str
    table: str | None
    shard: str | None
    reason: str


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
        self._asked = asked
        self._table = steer_names.table(configuration, path, asked.table)
        seek_to.understood(asked.to)  # a mistake is told before anything is connected
        self._target = fleet_target.connect(configuration)
        self._failover_seconds = configuration.leases.failover_time_millis / 1000
        clock = ServerClock()
        leases = kcl_state.read_leases(self._target.dynamodb, self._target.lease_table, clock)
        coordinator = kcl_state.scan(self._target.dynamodb, self._target.coordinator_table) or []
        self._state = kcl_state.state_of(leases, coordinator, [])
        self._to = seek_to.parse(asked.to, clock.now())
        self._found = look.look(self._target)
        self._created: dict[str, float | None] = {}
        self._moves = self._plan()

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
        self._tell_workers()
        if not self._write():
            return 1
        say(f"{shards} changed")
        if all(worker.is_late for worker in self._found.workers):
            say("no worker runs: they begin there with the next one")
            return 0
        return self._wait()

    def _show(self) -> None:
        shards = {(shard.stream_arn, shard.shard_id): shard for shard in self._found.shards}
        for line in seek_text.lines(self._moves, shards, self._created):
            say(line)
        left = len(shards) - len(self._moves)
        say(f"{_shards(len(self._moves))} to begin elsewhere, {left} to stay as they are")

    def _tell_workers(self) -> None:
        """Have every worker log it. Before anything changes: no change is without its author."""
        first = [
            SoughtShard(move.shard.shard_id, move.was or seek_text.NO_LEASE, seek_text.checkpoint(move.place))
            for move in self._moves[:_MOST_TOLD]
        ]
        seek = Seek(who(), time.time(), self._asked.reason, to=self._to.text, shards=len(self._moves), first=first)
        with explained(f"table {self._target.coordinator_table}"):
            orders_item.change(
                self._target.dynamodb,
                self._target.coordinator_table,
                lambda orders: msgspec.structs.replace(orders, seek=seek),
            )

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
        """Wait until workers have the leases, by which time those that had them have let go; return the exit status."""
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
        return LeaseWriter(self._target.dynamodb, self._target.lease_table, is_multi=self._state.is_multi)

    def _plan(self) -> list[Move]:
        lineages = [one for one in look.lineages(self._target, self._state) if one.was_read]
        chosen = [one for one in lineages if self._table in (None, one.stream.table)]
        if not chosen:
            raise SetupError("no shard has been read yet: workers begin at initialPositionInStream")
        if self._asked.shard is not None:
            moves = self._of_shard(chosen, self._asked.shard)
        elif self._to.sequence_number is not None:
            raise SetupError(f"--to {self._to.text}: a sequence number is one shard's; say which with --shard")
        else:
            moves = [move for lineage in chosen for move in self._everywhere(lineage)]
        if not moves:
            raise SetupError(f"--to {self._to.text}: every shard begins there already, so there is nothing to change")
        return moves

    def _everywhere(self, lineage: Lineage) -> list[Move]:
        self._created |= seek_reads.oldest_of(self._target.oldest, lineage)
        return seek_plan.everywhere(lineage, self._created, self._to.at, reopens=not self._to.is_now)

    def _of_shard(self, lineages: Sequence[Lineage], name: str) -> list[Move]:
        shard_id = steer_names.shard(self._found, name, self._table).shard_id
        for lineage in lineages:
            for shard in lineage.shards:
                if shard.shard_id == shard_id:
                    self._created |= seek_reads.oldest_of(self._target.oldest, lineage)
                    return seek_plan.one(lineage, shard, self._place(lineage, shard_id))
        raise SetupError(f"shard {shard_id} is of a stream that has not been read yet")

    def _place(self, lineage: Lineage, shard_id: str) -> Place:
        number = self._to.sequence_number
        if number is None:
            return seek_plan.BEGINNING if self._to.at is None else seek_plan.Place.at_time(self._to.at)
        numbers = seek_reads.numbers_until(self._target.streams, lineage.stream.arn, shard_id, number)
        before = seek_plan.before(numbers, number, shard_id)
        return seek_plan.BEGINNING if before is None else seek_plan.Place(before)


def _shards(count: int) -> str:
    return f"{count} shard" + "s" * (count != 1)


def _names(moves: Iterable[Move]) -> str:
    return ", ".join(move.shard.shard_id for move in moves)
