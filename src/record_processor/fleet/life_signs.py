"""Which workers of an application live, without a look at its streams: by what they say, and by what moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from record_processor.fleet import kcl_state, worker_report
from record_processor.fleet.assembly import Facts, application

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from record_processor.fleet.model import Worker


class Signs(msgspec.Struct, frozen=True):
    """What moves while workers live."""

    leases: dict[str, tuple[str, str]]
    """By key: the owner and the counter of each lease that has an owner."""
    leader: tuple[str, str] | None
    """The leader, and the version of its lock."""
    reports: dict[str, str]
    """By worker: what it last wrote to KCL's table of workers."""


def signs_in(
    leases: Iterable[Mapping[str, Any]], coordinator: Iterable[Mapping[str, Any]], metrics: Iterable[Mapping[str, Any]]
) -> Signs:
    """Return the signs in the items of the three tables."""
    owned = {
        item["leaseKey"]["S"]: (item["leaseOwner"]["S"], item["leaseCounter"]["N"])
        for item in leases
        if item.get("leaseOwner", {}).get("S", kcl_state.LET_GO) != kcl_state.LET_GO
    }
    lock = next((item for item in coordinator if item["key"] == {"S": kcl_state.LEADER}), {})
    version, owner = lock.get("recordVersionNumber", {}).get("S", ""), lock.get("ownerName", {}).get("S")
    return Signs(owned, (owner, version) if owner else None, {item["wid"]["S"]: repr(item) for item in metrics})


def moved(before: Signs, after: Signs) -> dict[str, str]:
    """Return the workers that lived between two looks, and how that is known."""
    found: dict[str, str] = {}
    for worker_id, said in after.reports.items():
        if before.reports.get(worker_id) != said:
            found[worker_id] = "it has reported itself"
    for key, (owner, counter) in after.leases.items():
        if before.leases.get(key) != (owner, counter):
            found.setdefault(owner, f"it has renewed or taken the lease {key}")
    if after.leader is not None and after.leader != before.leader:
        found.setdefault(after.leader[0], "it has renewed the leader's lock")
    return found


def speaking(
    coordinator: Sequence[Mapping[str, Any]],
    metrics: Sequence[Mapping[str, Any]],
    now: float,
    silent_seconds: float,
) -> list[tuple[Worker, float]]:
    """Return the workers that said not long ago that they live, each with when its word is too old, in seconds."""
    state = kcl_state.state_of([], coordinator, metrics)
    reports = {report.worker_id: report for report in worker_report.reports_in(coordinator)}
    facts = Facts("", "", now, silent_seconds, state, reports, {}, [], {})
    workers = [worker for worker in application(facts).workers if not worker.is_late]
    return [(one, facts.longest_silence(one.worker_id) - (one.seen_seconds_ago or 0.0)) for one in workers]
