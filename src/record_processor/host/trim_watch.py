"""Warns while there is time: DynamoDB removes a record after 24 hours, read or not."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from record_processor.fleet.lags import KEPT_SECONDS
from record_processor.logs.log_events import Log
from record_processor.records.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from record_processor.fleet.model import Application
    from record_processor.fleet.worker_report import ShardFigures

log = Log("daemon.streams")

_SAID_EVERY_SECONDS = 1800.0
_HOUR = 3600


class TrimWatch:
    """Warns about a shard every half hour. Every worker watches what its shard processes have."""

    def __init__(self, warning_seconds: float) -> None:
        self._warning_seconds = warning_seconds
        self._said_at: dict[tuple[str, str], float] = {}

    def watch(self, shards: Iterable[ShardFigures]) -> None:
        """Warn about this worker's shards."""
        for shard in shards:
            self._see(shard.stream_arn, shard.shard_id, shard.oldest_at)

    def watch_others(self, application: Application) -> None:
        """Warn, as the leader, about shards that nobody reads.

        That is: those without an owner, those that wait for their parent, and those whose process does not start. What
        is in them is known from the streams alone; of the others their owners know better.
        """
        for shard in application.shards:
            if not shard.pending:
                self._see(shard.stream_arn, shard.shard_id, shard.lag.oldest_at)

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
