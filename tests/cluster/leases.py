"""Who had which lease when, as the lease table showed it."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.cluster.checker import Seen
from tests.cluster.clock import moment_ns

if TYPE_CHECKING:
    from tests.harness import Database

_LOOK_SECONDS = 0.2


class LeaseObserver(threading.Thread):
    """Looks at the lease table all the time, past every fault that the workers meet."""

    def __init__(self, database: Database, application: str) -> None:
        super().__init__(name="lease-observer", daemon=True)
        self._database = database
        self._application = application
        self._end_asked = threading.Event()
        self.seen: dict[str, list[Seen]] = defaultdict(list)
        """By shard."""

    def run(self) -> None:
        while not self._end_asked.wait(_LOOK_SECONDS):
            with contextlib.suppress(BotoCoreError, ClientError):
                self._look()

    def end(self) -> None:
        self._end_asked.set()
        self.join(60)

    def _look(self) -> None:
        asked = moment_ns()
        leases = self._database.leases(self._application)
        answered = moment_ns()
        for lease in leases:
            owner, counter = actual_owner(lease), int(lease["leaseCounter"]["N"])
            self.seen[shard_of(lease)].append(Seen(asked, answered, owner, counter))


def shard_of(lease: dict[str, Any]) -> str:
    """With several streams a lease's key has the stream's name before the shard's."""
    key: str = lease["leaseKey"]["S"]
    return key.rpartition(":")[2]


def actual_owner(lease: dict[str, Any]) -> str:
    """Whoever works on it, also while it is being handed over to another; empty for nobody."""
    owner: str = lease.get("checkpointOwner", lease.get("leaseOwner", {})).get("S", "")
    return owner


def is_ended(lease: dict[str, Any]) -> bool:
    return bool(lease["checkpoint"]["S"] == "SHARD_END")
