from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.command import CommandAction, CommandSettings
from record_processor.errors import InvalidSettingError, NotTriedError, PartialFailure
from tests.actions.delivery import Delivery, changes
from tests.builders import change_record
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
    assert letter["error"] == {
        "type": "PermanentError",
        "message": "the program reported: of old age",
        **_trace(letter),
    }
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
        ("for line in sys.stdin:\n    print('ok\\nok\\nok\\nok', flush=True)\n", "more lines than it received"),
        ("os.close(1)\ntime.sleep(60)\n", "it closed its output but is still running"),
        ("while True:\n    os.write(1, b'o' * 10000)\n", "a line of more than 65,536 bytes"),
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
    with pytest.raises(InvalidSettingError, match="'no-such-program' is not a program, neither on PATH nor from"):
        CommandAction(CommandSettings(name="a", type="command", command=["no-such-program"]))


def shell(script: str, **settings: Any) -> CommandAction:
    return CommandAction(CommandSettings(name="a", type="command", command=["sh", "-c", script], **settings))


def failures(action: CommandAction, records: int) -> dict[int, Exception]:
    """Return why records failed, by position, in a batch of this many items."""
    made = [
        change_record(SequenceNumber=f"{number:021}", Keys={"id": {"S": f"item-{number}"}}) for number in range(records)
    ]
    try:
        action.deliver(made)
    except PartialFailure as partial:
        return partial.failures
    return {}


def test_a_program_that_fails_has_failed_with_one_record_and_has_not_tried_those_after_it() -> None:
    action = shell("read a; echo ok; read a; echo ok; read a; exit 3")
    found = failures(action, 20)
    assert sorted(found) == list(range(2, 20))
    assert str(found[2]) == "the program ended with status 3"
    assert {type(found[position]) for position in range(3, 20)} == {NotTriedError}


def test_an_answer_too_many_is_blamed_on_the_record_that_gets_it_and_on_no_other(tmp_path: Path) -> None:
    body = "for line in sys.stdin:\n    os.write(1, b'ok\\n' * (20 if 'item-5' in line else 1))\n"
    settings = {**program(tmp_path, body), "timeout": 10.0}
    action = CommandAction(CommandSettings(name="a", format="plain", **settings))
    found = failures(action, 8)
    action.close()
    assert list(found) == [5]
    assert str(found[5]) == "the program wrote more lines than it received"


def test_an_answer_that_nobody_asked_for_between_two_calls_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    action = shell(f"read a; echo ok; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo ok; read a; echo ok")
    assert failures(action, 1) == {}
    (program,) = action._all
    (tmp_path / "go").touch()
    wait_for(lambda: not program.ready, "it answers again")
    failures(action, 1)  # of a new program
    assert "after its call was over" in caplog.text
    action.close()


def test_a_program_ends_with_all_that_it_started_also_what_left_its_group(tmp_path: Path) -> None:
    script = f"sleep 600 & echo $! >> {tmp_path}/pids; setsid sh -c 'echo $$ >> {tmp_path}/pids; exec sleep 600' & "
    action = shell(f"{script} echo $$ >> {tmp_path}/pids; wait", timeout=0.5)
    found = failures(action, 1)
    assert "longer than 0.5 s" in str(found[0])
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 3
    wait_for(lambda: not any(map(is_running, pids)), "all have ended", seconds=5)


def test_a_process_that_a_program_leaves_behind_with_its_output_holds_nothing_up() -> None:
    begun = time.monotonic()
    found = failures(shell("sleep 600 & read a; exit 4", timeout=60.0), 2)
    assert str(found[0]) == "the program ended with status 4"
    assert time.monotonic() - begun < 20


def test_a_program_has_none_of_our_files_open() -> None:
    marker = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(marker, True)
    action = shell(f"read a; if [ -e /proc/self/fd/{marker} ]; then echo error open; else echo ok; fi")
    assert failures(action, 1) == {}
    action.close()
    os.close(marker)


def test_what_a_program_writes_to_its_standard_error_is_an_event_a_line_and_each_is_bounded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    # Three megabytes without a line break, and a last line.
    action = shell("head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; echo >&2; echo warm >&2; read a; echo ok")
    assert failures(action, 1) == {}
    wait_for(lambda: "warm" in caplog.messages, "its last line")
    assert max(map(len, caplog.messages)) < 70_000
    assert len(caplog.messages) < 10
    action.close()


def test_no_program_is_started_once_the_process_is_about_to_end() -> None:
    action = shell("cat")
    action.abandon()
    assert "not starting a program" in str(failures(action, 1)[0])
