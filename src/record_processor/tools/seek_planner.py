"""What a seek would do: everything is read, and nothing is changed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from record_processor.errors import SetupError
from record_processor.fleet import kcl_state, look, seek_plan
from record_processor.fleet.seek_plan import Times
from record_processor.fleet.server_clock import ServerClock
from record_processor.tools import seek_reads, seek_to, steer_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from record_processor.fleet.lineage import Lineage, StreamShard
    from record_processor.fleet.look import Target
    from record_processor.fleet.model import Application
    from record_processor.fleet.seek_plan import Move, Place
    from record_processor.tools.seek_to import To


_PAUSE_SECONDS = 0.5
_MOST_LOOKS = 10


class Asked(NamedTuple):
    """What the options say."""

    to: str
    table: str | None
    shard: str | None
    reason: str
    skips: bool
    """Whether a time or a record may be ahead of where a shard is."""


class SeekPlan(NamedTuple):
    """Which shards would begin where."""

    moves: list[Move]
    found: Application
    created: Mapping[str, float | None]
    """When each shard's oldest record was created; None: it has none."""
    is_multi: bool
    """Whether leases have keys for several streams."""


class Planner:
    """Plans for one application as it is now."""

    def __init__(self, target: Target) -> None:
        """Read its state.

        Raises:
            SetupError: it has no tables, or something may not be read.
        """
        self._target = target
        clock = ServerClock()
        leases = kcl_state.read_leases(target.dynamodb, target.lease_table, clock)
        coordinator = kcl_state.scan(target.dynamodb, target.coordinator_table) or []
        self._state = kcl_state.state_of(leases, coordinator, [])
        self._now = clock.now()
        self._found = _known(target)
        self._created: dict[str, float | None] = {}

    def plan(self, asked: Asked) -> SeekPlan:
        """Return what is to change.

        Raises:
            SetupError: what is asked for cannot be done, or changes nothing.
        """
        to = seek_to.parse(asked.to, self._now)
        moves = self._moves(self._lineages(asked.table), asked, to)
        if not moves:
            raise SetupError(f"--to {to.text}: every shard begins there already, so there is nothing to change")
        return SeekPlan(moves, self._found, self._created, self._state.is_multi)

    def _lineages(self, table: str | None) -> list[Lineage]:
        begun = [one for one in look.lineages(self._target, self._state) if one.was_read]
        chosen = [one for one in begun if table in (None, one.stream.table)]
        if not chosen:
            raise SetupError("no shard has been read yet: workers begin at initialPositionInStream")
        return chosen

    def _moves(self, lineages: Sequence[Lineage], asked: Asked, to: To) -> list[Move]:
        if asked.shard is not None:
            shard_id = steer_names.shard(self._found, asked.shard, asked.table).shard_id
            return self._of_shard(lineages, shard_id, asked, to)
        if to.sequence_number is not None:
            raise SetupError(f"--to {to.text}: a sequence number is one shard's; say which with --shard")
        return [move for lineage in lineages for move in self._everywhere(lineage, asked, to)]

    def _everywhere(self, lineage: Lineage, asked: Asked, to: To) -> list[Move]:
        return seek_plan.everywhere(lineage, self._times(lineage, asked, to), to.at, reopens=not to.is_now)

    def _of_shard(self, lineages: Sequence[Lineage], shard_id: str, asked: Asked, to: To) -> list[Move]:
        for lineage in lineages:
            for shard in lineage.shards:
                if shard.shard_id == shard_id:
                    return seek_plan.one(lineage, shard, self._place(lineage, shard, asked, to))
        raise SetupError(f"shard {shard_id} is of a stream that has not been read yet")

    def _place(self, lineage: Lineage, shard: StreamShard, asked: Asked, to: To) -> Place:
        times = self._times(lineage, asked, to)
        if to.sequence_number is not None:
            return self._place_of_record(lineage, shard, asked, to.sequence_number)
        return seek_plan.BEGINNING if to.at is None else seek_plan.at_time(lineage, shard, times, to.at)

    def _place_of_record(self, lineage: Lineage, shard: StreamShard, asked: Asked, number: str) -> Place:
        numbers = seek_reads.numbers_until(self._target.streams, lineage.stream.arn, shard.shard_id, number)
        before = seek_plan.before(numbers, number, shard.shard_id)
        place = seek_plan.BEGINNING if before is None else seek_plan.Place(before)
        if not asked.skips and seek_plan.is_ahead(lineage, shard, place):
            saved = lineage.leases[shard.shard_id].checkpoint if shard.shard_id in lineage.leases else "nothing"
            raise SetupError(
                f"--to {number}: shard {shard.shard_id} has done {saved}, and would skip what is between; --skip "
                "has it do so"
            )
        return place

    def _times(self, lineage: Lineage, asked: Asked, to: To) -> Times:
        oldest = seek_reads.oldest_of(self._target.oldest, lineage)
        self._created |= oldest
        is_to_keep = to.at is not None and not to.is_now and not asked.skips
        return Times(oldest, seek_reads.left_of(self._target.oldest, lineage) if is_to_keep else {})


def _known(target: Target) -> Application:
    """Return what is left in every shard. A shard may be read five times a second, and workers read it too."""
    for _ in range(_MOST_LOOKS - 1):
        found = look.look(target)
        if all(shard.lag.seconds is not None for shard in found.shards):
            return found
        time.sleep(_PAUSE_SECONDS)
    return look.look(target)
