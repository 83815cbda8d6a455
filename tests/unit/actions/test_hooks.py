"""What `check` says of `startup` and `shutdown`, and how often they run in one process."""

from __future__ import annotations

from typing import Any

import pytest

from record_processor.actions.python import PythonAction, PythonSettings
from record_processor.errors import InvalidSettingError, StartupFailedError
from record_processor.records.stream import Shard
from tests.builders import STREAM

ran: list[str] = []


def handle(_event: Any, _context: Any) -> None:
    pass


def begin() -> None:
    ran.append("startup")


def end() -> None:
    ran.append("shutdown")


def fail_once() -> None:
    begin()
    if len(ran) == 1:
        raise OSError("not yet")


def wants_something(_something: str) -> None:
    pass


def generates() -> Any:
    yield


def action(startup: str = "begin", shutdown: str = "end") -> PythonAction:
    names = {"handler": f"{__name__}:handle", "startup": f"{__name__}:{startup}", "shutdown": f"{__name__}:{shutdown}"}
    return PythonAction(PythonSettings(name="orders", type="python", **names))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def forget() -> None:
    ran.clear()


@pytest.mark.parametrize("key", ["startup", "shutdown"])
@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("absent", "has no 'absent'"),
        ("ran", "is not a function, found list"),
        ("wants_something", "called without arguments: missing a required argument: '_something'"),
        ("generates", "is a generator function, so calling it runs none of its code"),
    ],
)
def test_a_hook_that_cannot_be_used_is_refused_under_its_own_key(key: str, function: str, message: str) -> None:
    with pytest.raises(InvalidSettingError, match=message) as refused:
        action(**{key: function})
    assert refused.value.key == key


def test_a_hook_is_imported_and_not_run_where_the_action_is_only_checked() -> None:
    action().close()
    assert ran == []


def test_actions_that_are_opened_after_all_were_closed_start_again() -> None:
    first, second = action(), action()
    for one in (first, second):
        one.open(Shard("shardId-1", STREAM))
    for one in (first, second, first):
        one.close()
    assert ran == ["startup", "shutdown"]
    third = action()
    third.open(Shard("shardId-2", STREAM))
    third.abandon()
    third.close()
    assert ran == ["startup", "shutdown"] * 2


def test_what_failed_to_start_is_not_shut_down_and_may_start_again() -> None:
    made = action(startup="fail_once")
    with pytest.raises(StartupFailedError, match="orders: startup failed: OSError: not yet"):
        made.open(Shard("shardId-1", STREAM))
    made.close()
    assert ran == ["startup"]
    made = action(startup="fail_once")
    made.open(Shard("shardId-1", STREAM))
    made.close()
    assert ran == ["startup", "startup", "shutdown"]
