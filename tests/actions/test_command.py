from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.base import InvalidSettingError
from record_processor.actions.command import CommandAction, CommandSettings
from tests.actions.delivery import Delivery, changes
from tests.harness import is_running, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    StartDelivery = Callable[..., Delivery]


def program(folder: Path, body: str) -> dict[str, Any]:
    path = folder / "p.py"
    path.write_text("import os, sys, pathlib, time\n" + body)
    return {"type": "command", "command": [sys.executable, str(path)], "timeout": "2s"}


def test_the_answers_decide_about_each_record(tmp_path: Path, delivery: StartDelivery) -> None:
    settings = program(
        tmp_path,
        "seen = pathlib.Path(sys.argv[0]).with_name('seen')\n"
        "for number, line in enumerate(sys.stdin):\n"
        "    with seen.open('a') as file:\n"
        "        file.write(line)\n"
        "    if number == 0:\n"
        "        print('error busy', flush=True)\n"
        "    elif number == 1:\n"
        "        print('dead of old age', flush=True)\n"
        "    else:\n"
        "        print('ok', flush=True)\n",
    )
    running = delivery(settings, format="plain", template=None)
    running.submit(changes(3, 1))
    running.finish()
    (letter,) = running.letters()
    assert letter["error"] == {"type": "PermanentError", "message": "the program says: of old age", **_trace(letter)}
    assert len((tmp_path / "seen").read_text().splitlines()) == 4


def _trace(letter: dict[str, Any]) -> dict[str, str]:
    return {"traceback": letter["error"]["traceback"]}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("print('hello', flush=True)\ntime.sleep(60)\n", "expected ok, error REASON or dead REASON"),
        ("sys.exit(7)\n", "the program ended with status 7"),
        ("os.kill(os.getpid(), 9)\n", "the program ended with signal 9"),
        ("time.sleep(60)\n", "the program took longer than 2 s"),
        ("for line in sys.stdin:\n    print('ok\\nok\\nok\\nok', flush=True)\n", "more lines than it was given"),
        ("os.close(1)\ntime.sleep(60)\n", "its output closed, though it goes on running"),
    ],
)
def test_a_program_that_does_not_keep_to_it_has_failed_and_the_log_says_how(
    tmp_path: Path, delivery: StartDelivery, caplog: pytest.LogCaptureFixture, body: str, says: str
) -> None:
    running = delivery(program(tmp_path, body))
    running.submit(changes(3, 1))
    wait_for(lambda: says in caplog.text, says, seconds=20)
    assert running.letters() == []


def test_more_than_a_pipe_holds_goes_both_ways(tmp_path: Path, delivery: StartDelivery) -> None:
    """A program that answers before it has read all of a large batch must not wait for us while we wait for it."""
    settings = program(tmp_path, "for line in sys.stdin:\n    print('ok ' + 'x' * 2000, flush=True)\n")
    running = delivery(settings, batch={"size": 1000, "window": "100ms"})
    running.submit(changes(1000, 1))
    running.finish()
    assert running.letters() == []


def test_several_calls_at_a_time_have_a_program_each_and_none_is_left_behind(
    tmp_path: Path, delivery: StartDelivery
) -> None:
    settings = program(
        tmp_path,
        "(pathlib.Path(sys.argv[0]).parent / f'pid-{os.getpid()}').touch()\n"
        "for line in sys.stdin:\n    time.sleep(0.01)\n    print('ok', flush=True)\n",
    )
    running = delivery(settings, concurrency=3, batch={"size": 5})
    running.submit(changes(30, 2))
    running.finish()
    pids = [int(path.name[4:]) for path in tmp_path.glob("pid-*")]
    assert 2 <= len(pids) <= 3
    running.close()
    wait_for(lambda: not any(map(is_running, pids)), "all have ended")


def test_abandoning_ends_a_program_that_hangs_at_once(tmp_path: Path, delivery: StartDelivery) -> None:
    settings = program(tmp_path, "(pathlib.Path(sys.argv[0]).parent / f'pid-{os.getpid()}').touch()\ntime.sleep(600)\n")
    running = delivery({**settings, "timeout": "60s"})
    running.submit(changes(1, 1))
    wait_for(lambda: list(tmp_path.glob("pid-*")), "it runs")
    (pid,) = [int(path.name[4:]) for path in tmp_path.glob("pid-*")]
    running.memory.lose()
    begun = time.monotonic()
    for action in running.actions:
        action.abandon()
    assert time.monotonic() - begun < 5
    wait_for(lambda: not is_running(pid), "it has ended")


def test_a_program_that_is_not_there_is_named_before_anything_starts() -> None:
    with pytest.raises(InvalidSettingError, match="'no-such-program' is no program, neither on PATH nor from"):
        CommandAction(CommandSettings(name="a", type="command", command=["no-such-program"]))
