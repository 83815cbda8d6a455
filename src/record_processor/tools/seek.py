"""`record-processor seek`: shards of an application begin elsewhere."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from botocore.exceptions import ClientError

from record_processor.aws.clients import explained
from record_processor.config.credential_providers import check_provider
from record_processor.config.properties import read_properties
from record_processor.delivery.orders import Seek
from record_processor.errors import SetupError
from record_processor.fleet import kcl_state, look, orders_item, seek_plan, seek_write
from record_processor.fleet.oldest_records import Oldest, Position
from record_processor.fleet.server_clock import ServerClock
from record_processor.host import fleet_target, stream_arns
from record_processor.logs.terminal import say
from record_processor.tools import seek_text, seek_to, steer_names
from record_processor.tools.steer import check_reason, who

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from record_processor.fleet.lineage import Lineage
    from record_processor.fleet.model import Application
    from record_processor.fleet.seek_plan import Move
    from record_processor.tools.seek_to import To

_PAUSE_SECONDS = 0.5
_MOST_READS = 40
_PAGE = 1000
_TAKING_SECONDS = 30.0
_TRIMMED = "TrimmedDataAccessException"
_BUSY = frozenset({"LimitExceededException", "ProvisionedThroughputExceededException", "ThrottlingException"})


class Asked(NamedTuple):
    """What the options say."""

    to: str
    table: str | None
    shard: str | None
    reason: str


class SeekCommand:
    """Plans first, and changes nothing before `write`."""

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
        seek_to.parse(asked.to, time.time())  # a mistake is told before anything is connected
        self._target = fleet_target.connect(configuration)
        self._failover_seconds = configuration.leases.failover_time_millis / 1000
        clock = ServerClock()
        leases = kcl_state.read_leases(self._target.dynamodb, self._target.lease_table, clock)
        coordinator = kcl_state.scan(self._target.dynamodb, self._target.coordinator_table) or []
        self._state = kcl_state.state_of(leases, coordinator, [])
        self._to = seek_to.parse(asked.to, clock.now())
        self._found = look.look(self._target)
        self._created: dict[str, float | None] = {}
        self.moves = self._plan()

    def show(self) -> None:
        """Say what would happen."""
        shards = {(shard.stream_arn, shard.shard_id): shard for shard in self._found.shards}
        for line in seek_text.lines(self.moves, shards, self._created):
            say(line)
        left = len(self._found.shards) - len(self.moves)
        say(f"{len(self.moves)} shards begin elsewhere, {left} stay as they are")

    def write(self) -> int:
        """Do it, and wait until workers have begun there; return the exit status."""
        waits = bool(self._found.workers) or any(lease.owner for lease in self._state.leases.values())
        for done, move in enumerate(self.moves):
            with explained(f"lease table {self._target.lease_table}"):
                try:
                    seek_write.write(*self._place_of(move), waits)
                except (SetupError, ClientError):
                    say(f"{done} of {len(self.moves)} shards are changed; the command can be run again", err=True)
                    raise
        self._tell_workers()
        say(f"{len(self.moves)} shards are changed")
        return self._wait() if self._found.workers else self._without_workers()

    def _place_of(self, move: Move) -> tuple[Any, str, Move, bool]:
        return self._target.dynamodb, self._target.lease_table, move, self._state.is_multi

    def _tell_workers(self) -> None:
        seek = Seek(who(), time.time(), self._asked.reason, to=self._asked.to, shards=len(self.moves))
        with explained(f"table {self._target.coordinator_table}"):
            orders_item.change(
                self._target.dynamodb,
                self._target.coordinator_table,
                lambda orders: msgspec.structs.replace(orders, seek=seek),
            )

    def _without_workers(self) -> int:
        say("no worker is running: they begin there with the next one")
        return 0

    def _wait(self) -> int:
        """Wait until the leases have workers again, by which time those that had them have let them go."""
        say(f"workers let go, and begin there after failoverTimeMillis ({self._failover_seconds:g} s)")
        end = time.monotonic() + 2 * self._failover_seconds + _TAKING_SECONDS
        while left := [move for move in self.moves if not seek_write.is_taken(*self._place_of(move))]:
            if time.monotonic() > end:
                names = ", ".join(move.shard.shard_id for move in left)
                say(f"no worker has taken these shards yet, or their leases are gone: {names}", err=True)
                return 1
            time.sleep(_PAUSE_SECONDS)
        say("workers have all of them")
        return 0

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
        self._created |= self._oldest(lineage)
        return seek_plan.everywhere(lineage, self._created, self._to.at)

    def _of_shard(self, lineages: Sequence[Lineage], name: str) -> list[Move]:
        shard_id = steer_names.shard(self._found, name, self._table).shard_id
        for lineage in lineages:
            for shard in lineage.shards:
                if shard.shard_id == shard_id:
                    self._created |= self._oldest(lineage)
                    return seek_plan.one(lineage, shard, self._place(lineage, shard_id))
        raise SetupError(f"shard {shard_id} is of a stream that has not been read yet")

    def _place(self, lineage: Lineage, shard_id: str) -> seek_plan.Place:
        if self._to.sequence_number is not None:
            numbers = self._numbers(lineage.stream.arn, shard_id, self._to.sequence_number)
            found = seek_plan.before(numbers, self._to.sequence_number, shard_id)
            return seek_plan.BEGINNING if found is None else seek_plan.Place(found)
        return seek_plan.BEGINNING if self._to.at is None else seek_plan.Place.at_time(self._to.at)

    def _oldest(self, lineage: Lineage) -> dict[str, float | None]:
        """Return when each shard's oldest record was created."""
        left = {
            shard.shard_id: Position(lineage.stream.arn, shard.shard_id, is_closed=shard.is_closed)
            for shard in lineage.shards
        }
        found: dict[str, float | None] = {}
        for _ in range(_MOST_READS):
            answers: dict[Position, Oldest] = self._target.oldest.read(list(left.values()))
            known = {name: answers[at].created_at for name, at in left.items() if answers[at].is_known}
            found |= known
            left = {name: at for name, at in left.items() if name not in known}
            if not left:
                return found
            time.sleep(_PAUSE_SECONDS)
        raise SetupError(f"shard {next(iter(left))} could not be read: run the command again")

    def _numbers(self, arn: str, shard_id: str, until: str) -> list[str]:
        """Return the shard's last numbers up to and with one, and its oldest: read from its oldest record on."""
        streams, found = self._target.streams, list[str]()
        with explained(f"stream {arn}", "kinesisEndpoint"):
            iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")
            following = iterator["ShardIterator"]
            for _ in _while_open():
                page = _read(streams, following)
                found += [record["dynamodb"]["SequenceNumber"] for record in page["Records"]]
                following = page.get("NextShardIterator")
                is_there = bool(found) and int(found[-1]) >= int(until)
                if is_there or following is None or not page["Records"]:
                    return found
        return found
