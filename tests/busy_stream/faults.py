"""Faults that the next calls meet, by command."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

from tests.busy_stream.errors import (
    AwsError,
    ExpiredIteratorError,
    InternalServerError,
    LimitExceededError,
    ThrottlingError,
    ThroughputExceededError,
    TrimmedDataAccessError,
)

_ERRORS: dict[str, type[AwsError]] = {
    "expired": ExpiredIteratorError,
    "internal": InternalServerError,
    "limit": LimitExceededError,
    "throttle": ThrottlingError,
    "throughput": ThroughputExceededError,
    "trimmed": TrimmedDataAccessError,
}


class Faults:
    """`{"kind": …, "operation": GetRecords …, "times": n}`; kinds are those above, `slow` (`seconds`) and `drop`.

    Instead of `times`, `lasting` says for how many seconds, and `share` how many of the calls in between. `place` is
    the id of a shard, the name of a table or the key of a lease; without it, any. `operation: "*"` is every one.
    """

    def __init__(self) -> None:
        self._plan: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def plan(self, fault: dict[str, Any]) -> None:
        until = time.monotonic() + fault["lasting"] if "lasting" in fault else None
        with self._lock:
            self._plan.append({"times": 1, "operation": "GetRecords", "share": 1.0, **fault, "until": until})

    def forget(self) -> None:
        with self._lock:
            self._plan.clear()

    def meet(self, operation: str, *places: str) -> None:
        """Raise what is planned for this call, or wait.

        Raises:
            AwsError: the answer.
            ConnectionAbortedError: no answer is to be given.
        """
        fault = self._next(operation, places)
        if fault is None:
            return
        if fault["kind"] == "slow":
            time.sleep(fault["seconds"])
        elif fault["kind"] == "drop":
            raise ConnectionAbortedError
        else:
            raise _ERRORS[fault["kind"]](f"a {fault['kind']} fault, as commanded")

    def _next(self, operation: str, places: tuple[str, ...]) -> dict[str, Any] | None:
        with self._lock:
            self._plan = [fault for fault in self._plan if fault["until"] is None or fault["until"] > time.monotonic()]
            for fault in self._plan:
                if fault["operation"] in (operation, "*") and fault.get("place", places[0]) in places:
                    return self._used(fault)
        return None

    def _used(self, fault: dict[str, Any]) -> dict[str, Any] | None:
        if fault["until"] is None:
            fault["times"] -= 1
            if not fault["times"]:
                self._plan.remove(fault)
        return fault if random.random() < fault["share"] else None  # noqa: S311 - nothing secret hangs on it
