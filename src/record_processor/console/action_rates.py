"""What each action does per second, from two looks: workers report totals."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from record_processor.fleet.model import ActionTotals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from record_processor.fleet.model import Application, Worker

WINDOW_SECONDS = 15.0
_FIGURES = (
    *("received", "filtered", "delivered", "delivered_bytes", "failed_attempts", "retries"),
    "dead_letters",
)


class ActionRates(msgspec.Struct, frozen=True):
    """One action on one table, in all workers."""

    table: str
    action: str
    totals: ActionTotals
    """Since the workers that run now were started."""
    per_second: dict[str, float] | None
    """Over the last seconds, by the names of the totals; None if it is not known yet."""


class _Key(NamedTuple):
    worker_id: str
    since: float | None
    table: str
    action: str


class _Look(NamedTuple):
    at: float
    totals: Mapping[_Key, ActionTotals]
    workers: frozenset[tuple[str, float | None]]


class RateKeeper:
    """Keeps the looks of the last seconds."""

    def __init__(self, window_seconds: float = WINDOW_SECONDS) -> None:
        self._window_seconds = window_seconds
        self._looks: deque[_Look] = deque()

    def add(self, found: Application) -> list[ActionRates]:
        """Take in a look; return the rates as of it."""
        now = _look(found)
        self._looks.append(now)
        while len(self._looks) > 2 and self._looks[1].at <= now.at - self._window_seconds:
            self._looks.popleft()
        before = self._looks[0]
        names = sorted({(key.table, key.action) for key in now.totals})
        return [_rates(table, action, before, now) for table, action in names]


def _look(found: Application) -> _Look:
    totals = {
        _Key(worker.worker_id, worker.since, one.table, one.action): one
        for worker in found.workers
        for one in worker.actions
    }
    return _Look(found.at, totals, frozenset(map(_instance, found.workers)))


def _instance(worker: Worker) -> tuple[str, float | None]:
    return worker.worker_id, worker.since


def _rates(table: str, action: str, before: _Look, now: _Look) -> ActionRates:
    current = {key: one for key, one in now.totals.items() if (key.table, key.action) == (table, action)}
    sums = {name: sum(getattr(one, name) for one in current.values()) for name in _FIGURES}
    seconds = now.at - before.at
    per_second = None
    if seconds > 0:
        gains = [(one, _begin(key, before)) for key, one in current.items()]
        per_second = {
            name: round(sum(max(0, getattr(one, name) - getattr(begin, name)) for one, begin in gains) / seconds, 2)
            for name in _FIGURES
        }
    return ActionRates(table, action, ActionTotals(table, action, **sums), per_second)


def _begin(key: _Key, before: _Look) -> ActionTotals:
    """Return a worker's totals at the earlier look.

    What a worker was seen with first is not counted, unless it was started since: it may have run for days.
    """
    is_new = key.since is not None and key.since >= before.at
    known = is_new or (key.worker_id, key.since) in before.workers
    nothing = ActionTotals(key.table, key.action)
    return before.totals.get(key, nothing) if known else _ENDLESS


_ENDLESS = ActionTotals("", "", *[1 << 62] * len(_FIGURES))
