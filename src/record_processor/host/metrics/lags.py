"""How far this worker's shards are behind, as far as their processes know.

A process knows the oldest record that it has. What is in the stream and was not read is not known here; but it was
written after everything that was read, and after the moment at which KCL last found nothing. So if there is nothing in
hand, the lag is at most the time since then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.fleet.lags import KEPT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from record_processor.delivery.shard_report import Content, Snapshot

_FRESH_SECONDS = 5.0
"""If a shard was not read for longer, and its process has written nothing, what was found then counts for nothing."""


class ShardLag(NamedTuple):
    seconds: float
    trimmed_in_seconds: float
    """The longest possible time if there is nothing to do."""


class Lags:
    """Remembers of each shard up to when everything was done: a process that was just started knows nothing yet."""

    def __init__(self) -> None:
        self._done_before: dict[tuple[str, str], float] = {}

    def look(self, contents: Iterable[Content], now: float, ahead_seconds: float) -> dict[tuple[str, str], ShardLag]:
        """Return the lags by stream and shard; `now` and the times of records are by a clock that is so far ahead."""
        known = {}
        for content in contents:
            key = content.header.stream_arn, content.header.shard_id
            before = self._done_before.get(key, now)
            known[key] = _done_before(content.snapshot, now, before, ahead_seconds)
        self._done_before = known
        lags = {key: max(0.0, now - moment) for key, moment in known.items()}
        return {key: ShardLag(seconds, KEPT_SECONDS - seconds) for key, seconds in lags.items()}


def _done_before(snapshot: Snapshot, now: float, before: float, ahead_seconds: float) -> float:
    """Return a moment so that everything that was written before it is done."""
    if snapshot.oldest_at is not None:
        return snapshot.oldest_at
    if snapshot.pending:
        return before  # a record whose time cannot be decoded
    if snapshot.has_caught_up and abs(now - ahead_seconds - snapshot.at) <= _FRESH_SECONDS:
        return now
    times = [snapshot.done_created_at]
    if snapshot.empty_at is not None:
        times.append(snapshot.empty_at + ahead_seconds)
    return max((one for one in times if one is not None), default=before)
