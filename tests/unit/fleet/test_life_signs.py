"""Who lives: what workers say of themselves, and what only a worker can have written between two looks."""

from __future__ import annotations

from typing import Any

import pytest

from record_processor.fleet import life_signs
from record_processor.fleet.kcl_state import LET_GO
from record_processor.fleet.worker_report import item_of
from tests.unit.fleet.builders import NOW, report


def lease(owner: str | None, counter: int, key: str = "s-1") -> dict[str, Any]:
    owned = {} if owner is None else {"leaseOwner": {"S": owner}}
    return {"leaseKey": {"S": key}, "leaseCounter": {"N": str(counter)}, **owned}


def lock(owner: str, version: str) -> dict[str, Any]:
    return {"key": {"S": "Leader"}, "ownerName": {"S": owner}, "recordVersionNumber": {"S": version}}


def said(worker_id: str, at: float) -> dict[str, Any]:
    return {"wid": {"S": worker_id}, "lut": {"N": str(int(at))}}


Items = list[dict[str, Any]]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (([lease("me", 4)], [], []), ([lease("me", 4)], [], []), {}),
        (([lease("me", 4)], [], []), ([lease("me", 5)], [], []), {"me": "it has renewed or taken the lease s-1"}),
        (([lease(None, 4)], [], []), ([lease("me", 5)], [], []), {"me": "it has renewed or taken the lease s-1"}),
        (([lease("me", 4)], [], []), ([lease(LET_GO, 5)], [], []), {}),  # whoever seeks is no worker
        (([lease("me", 4)], [], []), ([lease(None, 5)], [], []), {}),
        (([], [lock("me", "a")], []), ([], [lock("me", "b")], []), {"me": "it has renewed the leader's lock"}),
        (([], [lock("me", "a")], []), ([], [lock("me", "a")], []), {}),
        (([], [], [said("me", 1)]), ([], [], [said("me", 2)]), {"me": "it has reported itself"}),
        (([], [], [said("me", 1)]), ([], [], []), {}),
    ],
)
def test_what_moves_names_the_worker_that_has_moved_it(
    before: tuple[Items, Items, Items], after: tuple[Items, Items, Items], expected: dict[str, str]
) -> None:
    assert life_signs.moved(life_signs.signs_in(*before), life_signs.signs_in(*after)) == expected


def test_a_worker_counts_as_living_until_its_last_word_is_older_than_a_lease_lasts() -> None:
    ((worker, left),) = life_signs.speaking([], [said("me", NOW - 4), said("old", NOW - 11)], NOW, 10.0)
    assert (worker.worker_id, worker.seen_seconds_ago, left) == ("me", 4.0, 6.0)
    assert life_signs.speaking([], [said("me", NOW - 11)], NOW, 10.0) == []


def test_a_report_alone_is_a_sign_of_life_until_the_next_one_is_overdue() -> None:
    coordinator = [item_of(report(at=NOW - 20))]
    ((worker, left),) = life_signs.speaking(coordinator, [], NOW, 10.0)
    assert (worker.worker_id, left) == ("me", 10.0)  # three times its interval of 10 s
    assert life_signs.speaking([item_of(report(at=NOW - 31))], [], NOW, 10.0) == []
