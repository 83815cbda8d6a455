"""Whatever a command prints, and wherever the text came from, it cannot control a terminal."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import record_processor
from record_processor.aws import explanations
from record_processor.logs import log_events
from record_processor.logs.terminal import say, say_lines
from record_processor.logs.user_stderr import UserStderr

if TYPE_CHECKING:
    from collections.abc import Callable

NASTY = "\x1b[2J\rforged\x9b31m"
HARMLESS = r"\u001b[2J\rforged\u009b31m"


def test_everything_on_standard_error_is_escaped_also_a_traceback_of_others() -> None:
    stream = io.StringIO()
    assert UserStderr(stream).write(f"first {NASTY}\nsecond\t{NASTY}\n") == len(f"first {NASTY}\nsecond\t{NASTY}\n")
    assert stream.getvalue() == f"first {HARMLESS}\nsecond\t{HARMLESS}\n"


def test_one_thing_that_is_said_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"a\n{NASTY}")
    say_lines(f"a\n{NASTY}")
    assert capsys.readouterr().out == f"a\\n{HARMLESS}\na\n{HARMLESS}\n"


@pytest.mark.parametrize("form", [log_events.as_text, log_events.as_json_for_users])
def test_a_line_of_the_log_is_escaped_in_either_form(form: Callable[[dict[str, Any]], str]) -> None:
    line = form({"time": 1.0, "level": "info", "event": NASTY, "message": NASTY, NASTY: [NASTY], "traceback": NASTY})
    assert not any(sign in line for sign in "\x1b\r\x9b")


def test_what_a_service_answers_cannot_begin_a_line() -> None:
    error = ClientError({"Error": {"Code": "Denied", "Message": f"no\nrecord-processor: all well {NASTY}"}}, "Get")
    assert explanations.explanation(error) == f"AWS refused: Denied: no\\nrecord-processor: all well {HARMLESS}"


@pytest.mark.parametrize("arguments", [["check", "a.properties", "--set", NASTY], [NASTY]])
def test_a_command_quotes_what_it_was_given_without_its_control_characters(
    arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a.properties").touch()
    command = [sys.executable, "-m", "record_processor", *arguments]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "forged" in answer.stderr
    assert not any(sign in answer.stdout + answer.stderr for sign in "\x1b\r\x9b")


def test_nothing_is_printed_past_the_escaping() -> None:
    root = Path(record_processor.__file__).parent
    sources = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.py")}
    assert {name for name, source in sources.items() if "click.echo(" in source} == {"logs/terminal.py"}
    printing = {name for name, source in sources.items() if " print(" in source}
    assert printing == {"logs/user_stderr.py"}
    assert {name for name, source in sources.items() if "console.print(" in source} == {"local/demo_screen.py"}
