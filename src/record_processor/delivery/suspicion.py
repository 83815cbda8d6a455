"""Which records may have killed a process, and which of them are tried together next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_STORIES = {
    "killed": "the shard's process was killed, or ended itself, while this record was being tried",
    "call_timeout": "a call passed its timeout while this record was being tried, and the shard's process ended",
}


class DiedCall(msgspec.Struct):
    """A call that was running when a process died."""

    action: str
    records: list[tuple[str, int]]
    """Sequence numbers, each with the number of its earlier failures."""
    alone: bool
    """Whether nothing else was being tried beside it."""
    overdue: bool
    """Whether it is the reason for the process's end."""


class Suspicion(msgspec.Struct):
    """One record that may have killed a process, for one action."""

    action: str
    sequence_number: str
    attempts: int
    """How often it has failed, deaths included."""
    deaths: int
    """How many processes died while it was being tried."""
    part: int
    """Records with the same part are tried together: one, or with `bisect_on_error` as many as are yet to be halved."""
    first_death: float
    """Seconds since the epoch."""
    end: str
    """How the last process ended."""
    sure: bool
    """Whether only this record can have been the reason.

    Others are tried once more, whatever their attempts: they may be healthy records that were tried beside it.
    """

    @property
    def story(self) -> str:
        times = f" ({self.deaths} times)" if self.deaths > 1 else ""
        return _STORIES.get(self.end, _STORIES["killed"]) + times


def after_death(
    before: Sequence[Suspicion], calls: Sequence[DiedCall], end: str, bisecting: Collection[str], now: float
) -> list[Suspicion]:
    """Return the suspicions after a process died with these calls running.

    Args:
        before: the suspicions that it already had.
        calls: only those count that are surely to blame, if there are any: overdue ones, or else one that was alone.
        end: how the process ended.
        bisecting: the actions with `bisect_on_error`.
        now: seconds since the epoch.
    """
    blamed = [call for call in calls if call.overdue] or [call for call in calls if call.alone] or list(calls)
    known = {(one.action, one.sequence_number): one for one in before}
    next_part = max((one.part for one in before), default=0) + 1
    for call in blamed:
        halves = call.action in bisecting and len(call.records) > 1
        for position, (number, attempts) in enumerate(call.records):
            old = known.get((call.action, number))
            known[call.action, number] = Suspicion(
                call.action,
                number,
                attempts if halves else attempts + 1,
                (old.deaths if old else 0) + 1,
                next_part + (position * 2 // len(call.records) if halves else position),
                old.first_death if old else now,
                end,
                sure=len(call.records) == 1 and (call.overdue or call.alone or len(calls) == 1),
            )
        next_part += len(call.records)
    return list(known.values())
