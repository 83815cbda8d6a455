"""The edges of the command: a missing environment, a stop before the start, and what standard error gets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_mistakes import NOBODY_LISTENS, assert_refused, written
from tests.harness import COMMAND, command_line, descendants, is_running, run_command, wait_for

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


@pytest.mark.parametrize(
    ("arguments", "environment", "parts"),
    [
        (["peek", "Orders"], {}, ["no AWS credentials found"]),
        (["peek", "Orders", "--profile", "gone"], {}, ["The config profile (gone) could not be found"]),
        (["peek", "Orders", "--endpoint-url", "nonsense"], KEYS, ["'nonsense' is not a URL"]),
        (["peek", "Orders", "--endpoint-url", NOBODY_LISTENS], KEYS, [f"cannot connect to {NOBODY_LISTENS}"]),
        (["run", "worker.properties"], {"AWS_PROFILE": "gone"}, ["The config profile (gone) could not be found"]),
        (["local", "--port", "1023", "--data", "/proc/nowhere"], {}, ["/proc/nowhere"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_surroundings_lack_is_said_in_one_message(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], parts: list[str]
) -> None:
    written(tmp_path)
    assert_refused(run_command(*arguments, cwd=tmp_path, **environment), *parts)


NOISY = """\
import sys, subprocess, warnings
print("printed")
print("half", end="", file=sys.stderr)
warnings.warn("old", DeprecationWarning)
subprocess.run(["sh", "-c", "echo from a program >&2"])
"""


@pytest.mark.parametrize("verb", ["check", "run"])
def test_with_log_format_json_every_line_of_standard_error_is_json(tmp_path: Path, verb: str) -> None:
    (tmp_path / "noisy.py").write_text(NOISY)
    file = written(tmp_path, "actions: [{name: a, type: python, handler: 'noisy:gone'}]", logFormat="json")
    answer = run_command(verb, file, cwd=tmp_path, PYTHONWARNINGS="default")
    events = [json.loads(line) for line in answer.stderr.splitlines()]
    assert answer.returncode == 2
    said = "\n".join(event["message"] for event in events if event["event"] == "output")
    for words in ("printed", "half", "DeprecationWarning: old", "from a program"):
        assert words in said
    assert events[-1]["event"] == "command.failed"
    assert "actions[0].handler" in events[-1]["message"]


def test_a_closed_standard_error_costs_the_message_and_nothing_else(tmp_path: Path) -> None:
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND, "check", "absent"], cwd=tmp_path, check=False
    )
    assert closed.returncode == 2


SLEEPS = """\
import subprocess, time
subprocess.Popen(["sleep", "600"])
time.sleep(600)
"""


@pytest.mark.parametrize(("verb", "number", "status"), [("run", signal.SIGTERM, 0), ("check", signal.SIGINT, 130)])
def test_a_stop_while_the_configuration_is_checked_leaves_no_process_behind(
    tmp_path: Path, verb: str, number: signal.Signals, status: int
) -> None:
    (tmp_path / "sleeps.py").write_text(SLEEPS)
    file = written(tmp_path, "actions: [{name: a, type: python, handler: 'sleeps:h'}]")
    command = subprocess.Popen([*COMMAND, verb, file], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any("sleep 600" in command_line(pid) for pid in descendants(command.pid)), "the handler's program")
    family = descendants(command.pid)
    asked_at = time.monotonic()
    command.send_signal(number)
    words = command.communicate(timeout=20)[1]
    assert (command.returncode, words) == (status, "")
    assert time.monotonic() - asked_at < 5
    wait_for(lambda: not any(map(is_running, family)), f"the end of {family}", 5)


def test_a_command_that_is_killed_while_it_checks_takes_the_checking_process_with_it(tmp_path: Path) -> None:
    (tmp_path / "sleeps.py").write_text("import time\ntime.sleep(600)\n")
    file = written(tmp_path, "actions: [{name: a, type: python, handler: 'sleeps:h'}]")
    command = subprocess.Popen([*COMMAND, "check", file], cwd=tmp_path)
    checking = wait_for(
        lambda: [pid for pid in descendants(command.pid) if "record_processor.catalog" in command_line(pid)],
        "the checking process",
    )
    os.kill(command.pid, signal.SIGKILL)
    command.wait()
    wait_for(lambda: not any(map(is_running, checking)), "its end", 10)
