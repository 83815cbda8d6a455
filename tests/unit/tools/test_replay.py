"""Replay, interrupted at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import msgspec
import pytest

from record_processor.actions.file import FileAction
from record_processor.actions.log import LogAction
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.letter import Failure
from record_processor.errors import SetupError
from record_processor.system.stop_signals import StopSignal
from record_processor.tools import redelivery
from record_processor.tools.letters.choice import Choice
from record_processor.tools.letters.pace import Pace
from record_processor.tools.replay import Replay
from tests.builders import ARN, adapter_json
from tests.harness import run_command, wait_for
from tests.unit.dead_letters.test_file import letter, numbers

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.records.stream import Shard

TO_FILE = {"name": "shop", "type": "file", "path": "replayed.jsonl"}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeadLetterFile:
    monkeypatch.chdir(tmp_path)
    return DeadLetterFile(tmp_path / "dead.jsonl")


def test_what_succeeds_is_removed(file: DeadLetterFile, tmp_path: Path) -> None:
    file.store([letter(number) for number in range(120)])
    assert Replay([TO_FILE], dry_run=False, region="us-west-2").run(file.path) == 0
    assert numbers(file) == []
    assert len((tmp_path / "replayed.jsonl").read_text().splitlines()) == 120


def test_a_dry_run_changes_nothing(file: DeadLetterFile, tmp_path: Path) -> None:
    file.store([letter(1)])
    before = file.path.read_bytes()
    assert Replay([TO_FILE], dry_run=True, region="us-west-2").run(file.path) == 0
    assert file.path.read_bytes() == before
    assert not (tmp_path / "replayed.jsonl").exists()


def test_an_undecodable_letter_stays(file: DeadLetterFile) -> None:
    file.store([letter(1, b"\xff"), letter(2)])
    assert Replay([TO_FILE], dry_run=False, region="us-west-2").run(file.path) == 1
    assert numbers(file) == ["1"]


def test_letters_of_an_action_that_is_not_configured_stay_counted_and_hold_up_no_other(
    file: DeadLetterFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strangers = [msgspec.structs.replace(letter(number), action="shipping") for number in (1, 3)]
    file.store([strangers[0], letter(2), strangers[1]])
    assert Replay([TO_FILE], dry_run=False, region="us-west-2").run(file.path) == 1
    assert numbers(file) == ["1", "3"]
    assert len((tmp_path / "replayed.jsonl").read_text().splitlines()) == 1
    said = capsys.readouterr().err
    assert "dead.jsonl: 2 stay: unknown action 'shipping'; valid: shop" in said
    assert (
        Replay([TO_FILE], Choice(action="shop"), dry_run=True, region="us-west-2").run(file.path) == 0
    )  # asked for others


def test_no_such_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="there are no dead letters at"):
        Replay([TO_FILE], dry_run=False, region="us-west-2").run(tmp_path / "nothing.jsonl")


SLOW = "import time\ndef handle(event, context):\n    open('begun', 'a').write('x')\n    time.sleep(0.002)\n"


@pytest.mark.parametrize("calls", [1, 40, 60, 110])
def test_a_kill_at_any_moment_loses_no_letter(file: DeadLetterFile, tmp_path: Path, calls: int) -> None:
    (tmp_path / "slow_shop.py").write_text(SLOW)
    file.store([letter(number) for number in range(150)])
    program = (
        "from pathlib import Path; from record_processor.tools.replay import Replay; "
        "actions = [{'name': 'shop', 'type': 'python', 'handler': 'slow_shop:handle'}]; "
        "Replay(actions, region='us-west-2').run(Path('dead.jsonl'))"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        begun = tmp_path / "begun"
        wait_for(lambda: begun.exists() and begun.stat().st_size >= calls, f"{calls} calls")
        os.kill(process.pid, signal.SIGKILL)
    handled, left = begun.stat().st_size, numbers(file)
    # Every letter that is gone was handled; those that stay are whole and in their order.
    assert 150 - len(left) <= handled
    assert left == [str(number) for number in range(150 - len(left), 150)]


def test_a_later_change_of_an_item_does_not_overtake_one_that_failed_again(
    file: DeadLetterFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "picky_shop.py").write_text(
        "def handle(event, context):\n"
        "    (record,) = event['Records']\n"
        "    if record['dynamodb']['SequenceNumber'] == '1':\n"
        "        raise RuntimeError('not this one')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    # The second is of a replaced stream: its sequence number says nothing, and the item is the same.
    anew = msgspec.structs.replace(letter(0), stream_arn=ARN.replace("2026", "2027"))
    file.store([letter(1), letter(2), anew])
    picky = {"name": "shop", "type": "python", "handler": "picky_shop:handle"}
    assert Replay([picky], dry_run=False, region="us-west-2").run(file.path) == 1
    assert numbers(file) == ["1", "2", "0"]


def test_what_is_no_letter_is_set_aside_once_and_fails_no_replay(
    file: DeadLetterFile, capsys: pytest.CaptureFixture[str]
) -> None:
    file.store([letter(1), letter(2)])
    with file.path.open("a") as raw:
        raw.write('not one\n{"id": "cut')
    assert Replay([TO_FILE], dry_run=False, region="us-west-2").run(file.path) == 0
    assert "2 that are not dead letters were set aside: " in capsys.readouterr().err
    assert file.path.read_bytes() == b""
    assert file.path.with_name("dead.jsonl.bad").read_text() == 'not one\n{"id": "cut'


def test_a_file_without_a_single_letter_is_left_as_it_is(
    file: DeadLetterFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody named another file."""
    file.path.write_text('{"eventID": "1"}\n{"eventID": "2"}\n')
    assert Replay([TO_FILE], dry_run=False, region="us-west-2").run(file.path) == 1
    assert "none of its 2 lines is a dead letter" in capsys.readouterr().err
    assert file.path.read_text() == '{"eventID": "1"}\n{"eventID": "2"}\n'


def test_a_forged_letter_leads_no_file_astray(file: DeadLetterFile, tmp_path: Path) -> None:
    forged = msgspec.structs.replace(letter(1), shard_id="../outside")
    file.store([forged, letter(2)])
    action = {"name": "shop", "type": "file", "path": "inside/{shard}.jsonl"}
    assert Replay([action], dry_run=False, region="us-west-2").run(file.path) == 0
    assert [path.name for path in (tmp_path / "inside").iterdir()] == ["shardId-1.jsonl"]
    assert not (tmp_path / "outside.jsonl").exists()
    assert "../outside" in file.path.with_name("dead.jsonl.bad").read_text()


def test_a_letter_without_its_images_says_so_and_stays(
    file: DeadLetterFile, capsys: pytest.CaptureFixture[str]
) -> None:
    file.store([msgspec.structs.replace(letter(1), left_out=("NewImage",)), letter(2)])
    assert Replay([TO_FILE], dry_run=False, region="us-west-2").run(file.path) == 1
    assert "Phones 1 (RuntimeError: failure 1): stays: stored without NewImage" in capsys.readouterr().err
    assert numbers(file) == ["1"]


STOPPING = (
    "from record_processor.system.stop_signals import StopSignal\n"
    "def handle(event, context):\n"
    "    if event['Records'][0]['dynamodb']['SequenceNumber'] == '3':\n"
    "        raise StopSignal(15)\n"
)


def test_a_stop_in_the_middle_of_a_group_removes_what_was_delivered(
    file: DeadLetterFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stopping_shop.py").write_text(STOPPING)
    monkeypatch.syspath_prepend(tmp_path)
    file.store([letter(number) for number in range(1, 6)])
    stopping = {"name": "shop", "type": "python", "handler": "stopping_shop:handle"}
    with pytest.raises(StopSignal):
        Replay([stopping], dry_run=False, region="us-west-2").run(file.path)
    assert numbers(file) == ["3", "4", "5"]


def test_what_was_delivered_is_removed_where_nobody_reads_what_is_said_of_it(
    file: DeadLetterFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in `replay … | head`, or with a log on a full disk."""

    def refuse(*_: Any, **__: Any) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(redelivery, "say", refuse)
    file.store([letter(number) for number in range(1, 4)])
    with pytest.raises(SetupError):
        Replay([TO_FILE], dry_run=False, region="us-west-2").run(file.path)
    assert numbers(file) == []


def test_a_letter_in_characters_that_the_terminal_lacks_holds_up_no_other(file: DeadLetterFile) -> None:
    forged = msgspec.structs.replace(letter(1), error=Failure("Error", "\N{SNOWMAN}", ""))
    file.store([forged, letter(2)])
    (file.path.parent / "actions.yaml").write_text(json.dumps({"actions": [TO_FILE]}))
    properties = file.path.parent / "worker.properties"
    properties.write_text("applicationName = a\nstreamName = Phones\nregionName = us-west-2\n")
    done = run_command("replay", str(properties), str(file.path), PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert (done.returncode, numbers(file)) == (0, [])
    assert "(Error: \\u2603): done" in done.stdout


def test_an_action_that_cannot_make_safe_what_it_took_fails_its_own_letters_only(
    file: DeadLetterFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(LogAction, "flush", MagicMock(side_effect=OSError("disk full")))
    file.store([letter(1), msgspec.structs.replace(letter(2), action="show"), letter(3)])
    actions = [TO_FILE, {"name": "show", "type": "log"}]
    assert Replay(actions, dry_run=False, region="us-west-2").run(file.path) == 1
    assert numbers(file) == ["2"]
    assert len((tmp_path / "replayed.jsonl").read_text().splitlines()) == 2
    assert "Phones 2 (RuntimeError: failure 2): failed again: OSError: disk full" in capsys.readouterr().err


def test_a_later_change_does_not_overtake_one_that_could_not_be_made_safe(
    file: DeadLetterFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeadLetterFile, "remove_at_once", 1)
    monkeypatch.setattr(LogAction, "flush", MagicMock(side_effect=[OSError("disk full"), None]))
    file.store([letter(1), letter(2)])
    show = {"name": "shop", "type": "log"}
    assert Replay([show], dry_run=False, region="us-west-2").run(file.path) == 1
    assert numbers(file) == ["1", "2"]


def test_letters_of_many_shards_keep_few_actions_open(
    file: DeadLetterFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redelivery, "_MOST_OPEN", 3)
    file.store([msgspec.structs.replace(letter(number), shard_id=f"shardId-{number}") for number in range(10)])
    replay = Replay([{**TO_FILE, "path": "by/{shard}"}], dry_run=False, region="us-west-2")
    most = 0

    def opened(self: FileAction, shard: Shard, of_file: Any = FileAction.open) -> None:
        nonlocal most
        most = max(most, len(replay._redelivery._opened) + 1)
        of_file(self, shard)

    monkeypatch.setattr(FileAction, "open", opened)
    assert replay.run(file.path) == 0
    assert (most, len(list((tmp_path / "by").iterdir()))) == (3, 10)


def test_a_file_that_cannot_be_replayed_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dead" / "a.jsonl").mkdir(parents=True)
    other = DeadLetterFile(tmp_path / "dead" / "b.jsonl")
    other.store([letter(1)])
    with pytest.raises(SetupError, match=r"a\.jsonl: .*directory"):
        Replay([TO_FILE], dry_run=False, region="us-west-2").run(tmp_path / "dead")
    assert numbers(other) == []


def test_a_pipe_among_the_files_of_letters_holds_up_no_other(file: DeadLetterFile, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jsonl")
    file.store([letter(1)])
    with pytest.raises(SetupError, match=r"a\.jsonl'?: .*is not a file"):
        Replay([TO_FILE], dry_run=False, region="us-west-2").run(tmp_path)
    assert numbers(file) == []


def test_what_a_letter_says_is_printed_short_and_does_nothing_to_a_terminal(
    file: DeadLetterFile, capsys: pytest.CaptureFixture[str]
) -> None:
    loud = msgspec.structs.replace(letter(1), error=Failure("\x1b[2J", "a\rb" + "x" * 1_000_000, ""))
    file.store([loud])
    assert Replay([TO_FILE], dry_run=False, region="us-west-2").run(file.path) == 0
    said = capsys.readouterr().out
    assert r"shop: Phones 1 (\u001b[2J: a\rbxxx" in said
    assert len(said) < 1000


def test_a_later_change_does_not_overtake_an_earlier_letter_that_is_not_chosen(
    file: DeadLetterFile, capsys: pytest.CaptureFixture[str]
) -> None:
    other_item = json.dumps(adapter_json(Keys={"Company": {"S": "Other"}}, SequenceNumber="2")).encode()
    file.store([letter(1), letter(2, other_item), letter(3)])
    later = Choice(ids=frozenset(one.id for one in list(file.read()[0])[1:]))
    assert Replay([TO_FILE], later, dry_run=True, region="us-west-2").run(file.path) == 1
    said = capsys.readouterr()
    assert "1 would be replayed, 1 failed and remain" in said.out
    assert "Phones 3 (RuntimeError: failure 3): stays: waits for an earlier letter of its item that is not" in said.err
    assert Replay([TO_FILE], later, region="us-west-2").run(file.path) == 1
    assert numbers(file) == ["1", "3"]
    assert Replay([TO_FILE], region="us-west-2").run(file.path) == 0
    assert numbers(file) == []


def test_a_letter_that_can_never_go_keeps_no_later_one_from_going(file: DeadLetterFile) -> None:
    file.store([msgspec.structs.replace(letter(1), left_out=("NewImage",)), letter(2)])
    assert Replay([TO_FILE], Choice(error="failure 2"), region="us-west-2").run(file.path) == 0
    assert numbers(file) == ["1"]


def test_a_stop_during_a_pause_removes_what_was_delivered(file: DeadLetterFile, tmp_path: Path) -> None:
    file.store([letter(number) for number in range(1, 6)])
    clock = iter(range(100))  # each look is a second later, and each pause is longer
    pace = Pace(0.25, clock=lambda: next(clock), sleep=MagicMock(side_effect=[*[None] * 6, StopSignal(15)]))
    with pytest.raises(StopSignal):
        Replay([TO_FILE], region="us-west-2", pace=pace).run(file.path)
    done = len((tmp_path / "replayed.jsonl").read_text().splitlines())
    assert 1 <= done < 5
    assert numbers(file) == [str(number) for number in range(done + 1, 6)]


def test_an_id_that_no_letter_has_is_named(file: DeadLetterFile) -> None:
    file.store([letter(1)])
    with pytest.raises(SetupError, match="no dead letter has the id abc"):
        Replay([TO_FILE], Choice(ids=frozenset(["abc"])), region="us-west-2").run(file.path)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "{p}", "--since", "soon"],
        ["list", "{p}", "nothing.jsonl"],
        ["list", "{p}", "--action", "\x1b[2J"],
        ["list", "nothing.properties"],
        ["show", "{p}", "\udcff"],
        ["show", "{p}"],
        ["show", "{p}", "x" * 100_000],
        ["replay", "{p}", "--rate", "fast"],
        ["replay", "{p}", "--action", "none"],
        ["replay", "{p}", "--id", "none"],
        ["purge", "{p}", "dead.jsonl"],
        ["purge", "{p}", "--id", "none", "--yes"],
        ["quarantine", "{p}", "--to", "other.jsonl", "--action", "shop"],
        ["quarantine", "{p}", "--to", "other.bad"],
        ["burn", "{p}"],
    ],
)
def test_bad_input_is_one_message_and_changes_nothing(file: DeadLetterFile, arguments: list[str]) -> None:
    file.store([letter(1)])
    before = file.path.read_bytes()
    folder = file.path.parent
    (folder / "actions.yaml").write_text(
        json.dumps({"actions": [{**TO_FILE, "dead_letter": {"type": "file", "path": "dead.jsonl"}}]})
    )
    (folder / "worker.properties").write_text("applicationName = a\nstreamName = Phones\nregionName = us-west-2\n")
    given = [argument.replace("{p}", "worker.properties") for argument in arguments]
    done = run_command("dead-letters", *given, cwd=folder)
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stderr.strip()
    assert len(done.stderr) < 1000
    assert file.path.read_bytes() == before
