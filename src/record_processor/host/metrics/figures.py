"""Everything that a worker knows about itself at one moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from record_processor.host.metrics import jvm_report
from record_processor.host.metrics.lags import Lags

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.delivery.shard_report import Content
    from record_processor.fleet.server_clock import ServerClock
    from record_processor.fleet.worker_report import ShardFigures
    from record_processor.host.metrics.jvm_report import JvmReport
    from record_processor.host.metrics.lags import ShardLag
    from record_processor.host.process_usage import Usage
    from record_processor.host.shard_reports import Counted, ShardReports


class Figures(NamedTuple):
    """By DynamoDB's clock, as far as it is known."""

    at: float
    ahead_seconds: float
    """How far that clock is ahead of this host's."""
    shards: list[ShardFigures]
    contents: list[Content]
    """What their processes say."""
    lags: dict[tuple[str, str], ShardLag]
    """By stream and shard."""
    counted: Counted
    jvm: JvmReport | None
    usage: Usage


class Looker:
    """Looks. One thread at a time."""

    def __init__(self, folder: Path, shards: ShardReports, clock: ServerClock) -> None:
        self._folder = folder
        self._shards = shards
        self._clock = clock
        self._lags = Lags()

    def look(self, usage: Usage) -> Figures:
        ahead = self._clock.ahead_seconds
        shards, contents = self._shards.look_closely(ahead)
        now = time.time() + ahead
        return Figures(
            at=now,
            ahead_seconds=ahead,
            shards=shards,
            contents=contents,
            lags=self._lags.look(contents, now, ahead),
            counted=self._shards.counted(),
            jvm=jvm_report.read(self._folder),
            usage=usage,
        )
