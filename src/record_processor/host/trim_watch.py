"""Warns while there is time: DynamoDB removes a record after 24 hours, read or not."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from record_processor.errors import SetupError
from record_processor.fleet.lags import KEPT_SECONDS
from record_processor.logs.log_events import Log
from record_processor.records.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from record_processor.fleet.model import Application
    from record_processor.fleet.worker_report import ShardFigures

log = Log("daemon.streams")

_SAID_EVERY_SECONDS = 1800.0
_LOOK_EVERY_SECONDS = 300.0
_HOUR = 3600


class TrimWatch:
    """Every worker watches what its shard processes have. The leader also watches what nobody reads.

    That is: shards without an owner, those that wait for their parent, and those whose process does not start. What is
    in them is known from the streams alone.
    """

    def __init__(self, warning_seconds: float, is_leader: Callable[[], bool], look: Callable[[], Application]) -> None:
        """`look` looks at the whole application, which costs one GetRecords per shard."""
        self._warning_seconds = warning_seconds
        self._is_leader = is_leader
        self._look = look
        self._said_at: dict[tuple[str, str], float] = {}
        self._looked_at = time.monotonic()

    def watch(self, shards: Iterable[ShardFigures]) -> None:
        """Warn of this worker's shards, and now and then of all others."""
        for shard in shards:
            self._see(shard.stream_arn, shard.shard_id, shard.oldest_at)
        if self._warning_seconds and time.monotonic() - self._looked_at > _LOOK_EVERY_SECONDS:
            self._looked_at = time.monotonic()
            self._watch_others()

    def _watch_others(self) -> None:
        try:
            if not self._is_leader():
                return
            for shard in self._look().shards:
                if not shard.pending:  # otherwise its owner knows better
                    self._see(shard.stream_arn, shard.shard_id, shard.lag.oldest_at)
        except SetupError as error:
            log.debug("stream.not_checked", f"cannot look for records that are about to be trimmed: {error}")

    def _see(self, arn: str, shard_id: str, oldest_at: float | None) -> None:
        left = None if oldest_at is None else oldest_at + KEPT_SECONDS - time.time()
        if oldest_at is None or left is None or left > self._warning_seconds:
            return
        now = time.monotonic()
        said_at = self._said_at.get((arn, shard_id))
        if said_at is None or now - said_at > _SAID_EVERY_SECONDS:
            self._said_at[arn, shard_id] = now
            _say(arn, shard_id, oldest_at, left)


def _say(arn: str, shard_id: str, oldest_at: float, left: float) -> None:
    log.warning(
        "trim.near",
        f"DynamoDB removes records that are not processed yet in {left / _HOUR:.1f} h: the oldest was created at "
        f"{datetime.fromtimestamp(oldest_at, timezone.utc).isoformat(timespec='seconds')}, and is kept for 24 h",
        table=Stream(arn).table,
        stream_arn=arn,
        shard_id=shard_id,
        oldest_at=datetime.fromtimestamp(oldest_at, timezone.utc).isoformat(timespec="seconds"),
        seconds_left=round(left),
        remedy="`record-processor status` shows what blocks the shard",
    )
