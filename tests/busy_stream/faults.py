"""Faults that the next calls meet, by command."""

from __future__ import annotations

import threading
import time
from typing import Any

from tests.busy_stream.errors import (
    AwsError,
    ExpiredIteratorError,
    InternalServerError,
    LimitExceededError,
    ThrottlingError,
    TrimmedDataAccessError,
)

_ERRORS: dict[str, type[AwsError]] = {
    "expired": ExpiredIteratorError,
    "internal": InternalServerError,
    "limit": LimitExceededError,
    "throttle": ThrottlingError,
    "trimmed": TrimmedDataAccessError,
}


class Faults:
    """`{"kind": …, "operation": GetRecords …, "times": n}`; kinds are those above, `slow` (`seconds`) and `drop`."""

    def __init__(self) -> None:
        self._plan: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def plan(self, fault: dict[str, Any]) -> None:
        with self._lock:
            self._plan.append({"times": 1, "operation": "GetRecords", **fault})

    def meet(self, operation: str, shard_id: str) -> None:
        """Raise what is planned for this call, or wait.

        Raises:
            AwsError: the answer.
            ConnectionAbortedError: there is to be no answer.
        """
        fault = self._next(operation, shard_id)
        if fault is None:
            return
        if fault["kind"] == "slow":
            time.sleep(fault["seconds"])
        elif fault["kind"] == "drop":
            raise ConnectionAbortedError
        else:
            raise _ERRORS[fault["kind"]](f"a {fault['kind']} fault, as commanded")

    def _next(self, operation: str, shard_id: str) -> dict[str, Any] | None:
        with self._lock:
            for fault in self._plan:
                if fault["operation"] == operation and fault.get("shard", shard_id) == shard_id:
                    fault["times"] -= 1
                    if not fault["times"]:
                        self._plan.remove(fault)
                    return fault
        return None
