"""What the shard processes of this worker report, read from the run directory (`delivery/shard_report.py`)."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from record_processor.delivery import lease, shard_report
from record_processor.fleet.model import ActionTotals
from record_processor.fleet.worker_report import ShardFigures
from record_processor.records.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from record_processor.delivery.blocks import Block
    from record_processor.delivery.shard_report import Content, Snapshot

_FILES = "report-*"
_UNFINISHED = ".new"
_SILENT_SECONDS = 25.0
"""A process that has written nothing for longer does not run: one that is idle writes every ten seconds."""
_EMPTY_SECONDS = 3.0
"""KCL reads every second or so, and pauses longer while a shard is empty."""
_MOVING_SECONDS = 2.0
_WINDOW_SECONDS = 15.0
"""Over which speeds are measured."""

_Numbers = dict[tuple[str, str], list[int]]
"""By table and action, or `_OF_SHARDS`."""
_OF_SHARDS = ""
"""In place of an action: the counters of shards."""


class Counted(NamedTuple):
    """What the processes of a worker have counted."""

    of_actions: dict[tuple[str, str], list[int]]
    """By table and action: counters and histograms as `shard_report.Content.numbers` has them."""
    of_shards: dict[str, list[int]]
    """By table, in the order of `shard_report.SHARD_COUNTERS`."""

    def totals(self) -> list[ActionTotals]:
        """Return the counters of actions alone."""
        ordered = sorted(self.of_actions.items())
        return [ActionTotals(*key, *numbers[: len(shard_report.COUNTERS)]) for key, numbers in ordered]


class ShardReports:
    """All of them. Counters of shards that have left this worker are kept. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._left: _Numbers = {}
        self._found: dict[Path, Content] = {}
        self._speeds: dict[Path, _Speed] = {}

    def look(self, clock_ahead_seconds: float = 0.0) -> list[ShardFigures]:
        """Read what the processes say; shards that have left are counted for the last time.

        Their times are by this host's clock, and become those of one that is ahead of it.
        """
        return self.look_closely(clock_ahead_seconds)[0]

    def look_closely(self, clock_ahead_seconds: float = 0.0) -> tuple[list[ShardFigures], list[Content]]:
        """Do the same, and return what the processes said, too."""
        with self._lock:
            self._look()
            shown = [(path, content) for path, content in self._found.items() if content.snapshot.at]
            figures = [self._figures(path, content, clock_ahead_seconds) for path, content in shown]
            return figures, [content for _, content in shown]

    def _look(self) -> None:
        for path in self._folder.glob(_FILES):
            if path.suffix == _UNFINISHED:
                continue
            # Whether it is over is known before its last counters are read.
            is_over = not shard_report.trials_beside(path).exists()
            content = shard_report.read(path)
            if content is not None:
                self._found[path] = self._with_snapshot(path, content)
            if is_over:
                self._close(path)

    def _with_snapshot(self, path: Path, content: Content) -> Content:
        """Return a report with its last snapshot, if the one that is there is just being written."""
        before = self._found.get(path)
        if content.snapshot.at or before is None:
            return content._replace(snapshot=self._as_of_last_read(content))
        return content._replace(snapshot=before.snapshot)

    def _as_of_last_read(self, content: Content) -> Snapshot:
        """Return a snapshot with what the JVM has found since: it tells an idle process of few of its reads."""
        snapshot, file = content.snapshot, content.header.lease_file
        if snapshot.pending or not snapshot.at or not file:
            return snapshot
        # Read after the snapshot: if records have come meanwhile, there is no empty read anymore.
        empty_at = lease.empty_at(self._folder / file)
        has_caught_up = empty_at is not None and time.time() - empty_at <= _EMPTY_SECONDS
        at = max(snapshot.at, empty_at or 0.0)
        return msgspec.structs.replace(snapshot, at=at, empty_at=empty_at, has_caught_up=has_caught_up)

    def close(self) -> None:
        """Count all shards for the last time: their JVM has ended."""
        with self._lock:
            self._look()
            for path in list(self._found):
                self._close(path)

    def totals(self) -> list[ActionTotals]:
        """Return what was counted since the worker started, as of the last look."""
        return self.counted().totals()

    def counted(self) -> Counted:
        """Return the same with the histograms, and what was counted for shards."""
        counted = self._all()
        return Counted(
            {key: numbers for key, numbers in counted.items() if key[1] != _OF_SHARDS},
            {table: numbers for (table, action), numbers in counted.items() if action == _OF_SHARDS},
        )

    def _all(self) -> _Numbers:
        with self._lock:
            counted = {key: [*numbers] for key, numbers in self._left.items()}
            for content in self._found.values():
                _add(counted, content)
        return counted

    def _close(self, path: Path) -> None:
        content = self._found.pop(path, None)
        self._speeds.pop(path, None)
        if content is not None:
            _add(self._left, content)
        with contextlib.suppress(OSError):
            path.unlink()

    def _figures(self, path: Path, content: Content, ahead: float) -> ShardFigures:
        header, snapshot = content.header, content.snapshot
        speed = self._speeds.setdefault(path, _Speed())
        speed.add(snapshot)
        return ShardFigures(
            stream_arn=header.stream_arn,
            shard_id=header.shard_id,
            at=snapshot.at + ahead,
            done_up_to=snapshot.done_up_to,
            oldest_at=snapshot.oldest_at,
            pending=snapshot.pending,
            records_per_second=speed.records_per_second,
            speed=speed.of_stream,
            saved_at=None if snapshot.saved_at is None else snapshot.saved_at + ahead,
            is_running=abs(time.time() - snapshot.at) <= _SILENT_SECONDS,
            is_moving=speed.is_moving,
            has_caught_up=snapshot.has_caught_up,
            is_late=snapshot.is_late,
            is_paused=snapshot.is_paused,
            restarts=header.restarts,
            skipped=snapshot.skipped,
            blocks=[_ahead(block, ahead) for block in snapshot.blocks],
        )


def _ahead(block: Block, seconds: float) -> Block:
    next_try = None if block.next_try is None else block.next_try + seconds
    return msgspec.structs.replace(block, since=block.since + seconds, next_try=next_try)


class _Sample(NamedTuple):
    at: float
    done: int
    created_at: float | None


class _Speed:
    """How fast a shard is done."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque()
        self._moved_at = 0.0

    def add(self, snapshot: Snapshot) -> None:
        sample = _Sample(snapshot.at, snapshot.done, snapshot.done_created_at)
        if self._samples and (sample.done < self._samples[-1].done or sample.at < self._samples[-1].at):
            self._samples.clear()  # another process, or another clock
        if self._samples and sample.done > self._samples[-1].done:
            self._moved_at = sample.at
        if not self._samples or sample.at > self._samples[-1].at:
            self._samples.append(sample)
        while sample.at - self._samples[0].at > _WINDOW_SECONDS:
            self._samples.popleft()

    @property
    def is_moving(self) -> bool:
        return self._samples[-1].at - self._moved_at <= _MOVING_SECONDS

    @property
    def records_per_second(self) -> float | None:
        first, last = self._samples[0], self._samples[-1]
        return None if first is last else round((last.done - first.done) / (last.at - first.at), 2)

    @property
    def of_stream(self) -> float | None:
        """How many seconds of the stream per second."""
        first, last = self._samples[0], self._samples[-1]
        if first is last or first.created_at is None or last.created_at is None:
            return None
        return round((last.created_at - first.created_at) / (last.at - first.at), 3)


def _add(counted: _Numbers, content: Content) -> None:
    table = Stream(content.header.stream_arn).table
    for action, numbers in (*content.numbers.items(), (_OF_SHARDS, content.shard_counters)):
        before: Iterable[int] = counted.get((table, action), [0] * len(numbers))
        counted[table, action] = [one + more for one, more in zip(before, numbers, strict=True)]
