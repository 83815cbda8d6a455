"""Letters that are removed or set aside: exactly those that were chosen, and none by mistake."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from record_processor.dead_letters.file import DeadLetterFile
from record_processor.errors import SetupError
from record_processor.tools.letters.choice import Choice
from record_processor.tools.letters.places import Places
from record_processor.tools.letters.removal import Removal
from record_processor.tools.replay import Replay
from tests.harness import wait_for
from tests.unit.dead_letters.test_file import letter, numbers
from tests.unit.tools.test_replay_services import PLACES, Service, service, stored

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["service"]  # pytest's way to have another file's fixture

ACTION = {"name": "shop", "type": "file", "path": "again.jsonl", "dead_letter": {"type": "file", "path": "dead/"}}
SHOP = Choice(action="shop")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeadLetterFile:
    monkeypatch.chdir(tmp_path)
    return DeadLetterFile(tmp_path / "dead" / "shop.jsonl")


def removal(choice: Choice = Choice(), source: Path | None = None) -> Removal:  # noqa: B008
    return Removal(Places([ACTION], source, "us-west-2"), choice)


def of_service(place: str, choice: Choice = Choice()) -> Removal:  # noqa: B008
    action = {"name": "shop", "type": "file", "path": "again.jsonl", "dead_letter": PLACES[place]}
    return Removal(Places([action], None, "us-west-2"), choice)


def test_nothing_is_purged_without_a_yes(file: DeadLetterFile, capsys: pytest.CaptureFixture[str]) -> None:
    file.store([letter(1), letter(2)])
    before = file.path.read_bytes()
    with pytest.raises(SetupError, match="nothing was removed: --yes removes these 2 letters"):
        removal().purge(is_sure=False)
    assert "RuntimeError: failure 1" in capsys.readouterr().out
    assert file.path.read_bytes() == before


def test_only_chosen_letters_are_purged(file: DeadLetterFile, capsys: pytest.CaptureFixture[str]) -> None:
    file.store([letter(number) for number in range(130)])
    with file.path.open("a") as raw:
        raw.write("nothing\n")
    assert removal(Choice(error="failure 12")).purge(is_sure=True) == 0
    said = capsys.readouterr().out
    assert said.index("RuntimeError: failure 12") < said.index("11 removed for good")
    assert numbers(file) == [str(number) for number in range(130) if not str(number).startswith("12")]
    assert file.path.read_bytes().endswith(b"nothing\n")


def test_a_letter_that_is_added_after_the_others_were_shown_is_not_purged(
    file: DeadLetterFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.store([letter(1)])
    before = DeadLetterFile.hold

    def add(self: DeadLetterFile) -> None:
        file.store([letter(2)])
        before(self)

    monkeypatch.setattr(DeadLetterFile, "hold", add)
    assert removal().purge(is_sure=True) == 0
    assert numbers(file) == ["2"]


@pytest.mark.parametrize("place", list(PLACES))
def test_a_service_loses_what_is_purged_and_nothing_else(service: Service, place: str) -> None:
    one, other = letter(1), letter(2)
    service.things = {"a": msgspec.json.encode(one), "b": msgspec.json.encode(other), "c": b"nothing"}
    assert of_service(place, Choice(ids=frozenset([one.id]))).purge(is_sure=True) == 0
    assert list(service.things) == ["b", "c"]


def test_what_is_no_letter_is_set_aside_alone(file: DeadLetterFile, capsys: pytest.CaptureFixture[str]) -> None:
    file.store([letter(1)])
    with file.path.open("a") as raw:
        raw.write("nothing\n")
    assert removal().quarantine(None, dry_run=True) == 0
    assert "1 would be set aside" in capsys.readouterr().out
    assert removal().quarantine(None, dry_run=False) == 0
    assert "1 set aside" in capsys.readouterr().out
    assert numbers(file) == ["1"]
    assert file.path.with_name("shop.jsonl.bad").read_text() == "nothing\n"


def test_a_letter_that_is_set_aside_is_replayed_only_from_there(file: DeadLetterFile, tmp_path: Path) -> None:
    letters = [letter(number) for number in (1, 2, 3)]
    file.store(letters)
    chosen = Choice(ids=frozenset([letters[1].id]))
    assert removal(chosen).quarantine(None, dry_run=True) == 0
    assert numbers(file) == ["1", "2", "3"]
    assert removal(chosen).quarantine(None, dry_run=False) == 0
    assert numbers(file) == ["1", "3"]
    assert Replay([ACTION], region="us-west-2").run(None) == 0
    again = tmp_path / "again.jsonl"
    assert len(again.read_text().splitlines()) == 2
    assert Replay([ACTION], region="us-west-2").run(tmp_path / "dead" / "shop.jsonl.bad") == 0
    assert len(again.read_text().splitlines()) == 3


@pytest.mark.parametrize("place", ["s3", "dynamodb"])
def test_a_service_sets_aside_a_chosen_letter(service: Service, place: str) -> None:
    service.things = {"a": stored(1), "b": stored(2)}
    assert of_service(place, Choice(error="failure 2")).quarantine(None, dry_run=False) == 0
    assert service.aside == ["b"]


@pytest.mark.parametrize("place", ["s3", "dynamodb"])
def test_a_letter_that_cannot_be_set_aside_is_named(
    service: Service, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service.things = {"a": stored(1), "b": stored(2)}
    service.refused = {"b": "ValidationException"}
    if place == "s3":
        let_only_reading_be_permitted(service)
    assert of_service(place, SHOP).quarantine(None, dry_run=False) == 1
    said = capsys.readouterr()
    assert "stays: " in said.err
    assert "1 set aside, 1 remain" in said.out


def let_only_reading_be_permitted(service: Service) -> None:
    """Reading is permitted, and only moving is not."""
    refused, original = service.refused, service.get_object

    def get_object(**parameters: Any) -> dict[str, Any]:
        service.refused = {}
        try:
            return original(**parameters)
        finally:
            service.refused = refused

    service.get_object = get_object  # type: ignore[assignment, method-assign]


def test_a_queue_says_that_it_has_no_place_and_a_file_takes_its_letters(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.things = {"a": stored(1), "b": stored(2), "c": b"nothing"}
    assert of_service("sqs", SHOP).quarantine(None, dry_run=False) == 1
    assert "has no place for what is set aside: --to FILE.bad moves it to a file" in capsys.readouterr().err
    assert len(service.things) == 3
    service._received = 0
    to = tmp_path / "aside.bad"
    assert of_service("sqs", Choice(error="failure 2")).quarantine(to, dry_run=False) == 0
    assert list(service.things) == ["a", "c"]
    assert numbers(DeadLetterFile(to)) == ["2"]


def test_a_place_for_what_is_set_aside_is_one_that_no_replay_reads(file: DeadLetterFile, tmp_path: Path) -> None:
    file.store([letter(1)])
    with pytest.raises(SetupError, match=r"other\.jsonl: expected a name that ends with \.bad"):
        removal(SHOP).quarantine(tmp_path / "other.jsonl", dry_run=False)
    with pytest.raises(SetupError, match="--to is for letters: choose some"):
        removal().quarantine(tmp_path / "other.bad", dry_run=False)
    with pytest.raises(SetupError, match="dead"):
        removal(SHOP).quarantine(tmp_path / "dead" / "shop.jsonl" / "x.bad", dry_run=False)
    assert numbers(file) == ["1"]


@pytest.mark.parametrize("name", ["a.bad", "link.bad"])
def test_letters_are_not_moved_to_the_file_in_which_they_are(tmp_path: Path, name: str) -> None:
    """They would be removed where they had just been written."""
    source = DeadLetterFile(tmp_path / "a.bad")
    source.store([letter(1)])
    (tmp_path / "link.bad").hardlink_to(source.path)
    with pytest.raises(SetupError, match="is the file in which they are"):
        removal(SHOP, source.path).quarantine(tmp_path / name, dry_run=False)
    assert numbers(source) == ["1"]


def test_a_file_that_somebody_names_by_mistake_is_left_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text("{}\n[]\n")
    assert removal(source=other).quarantine(None, dry_run=False) == 1
    assert removal(SHOP, other).purge(is_sure=True) == 0
    assert other.read_text() == "{}\n[]\n"


def test_an_unknown_action_is_named_and_letters_of_a_former_one_can_be_purged(file: DeadLetterFile) -> None:
    file.store([letter(1), msgspec.structs.replace(letter(2), action="former")])
    with pytest.raises(SetupError, match="unknown action 'shp'"):
        removal(Choice(action="shp")).purge(is_sure=True)
    assert removal(Choice(action="former")).purge(is_sure=True) == 0
    assert numbers(file) == ["1"]


PROGRAM = """
from pathlib import Path
from record_processor.dead_letters import file
from record_processor.tools.letters.choice import Choice
from record_processor.tools.letters.places import Places
from record_processor.tools.letters.removal import Removal
import os
stored = file.DeadLetterFile.store
def store(self, letters):
    stored(self, letters)
    with open("begun", "a") as begun:
        begun.write("x" * len(letters))
file.DeadLetterFile.store = store
places = Places({actions!r}, Path("dead/shop.jsonl"), "us-west-2")
Removal(places, Choice(action="shop")).quarantine(Path("aside.bad"), False)
"""


@pytest.mark.parametrize("moved", [50, 100])
def test_a_kill_while_letters_move_leaves_each_in_one_file_at_least(
    file: DeadLetterFile, tmp_path: Path, moved: int
) -> None:
    file.store([letter(number) for number in range(1000)])
    begun = tmp_path / "begun"
    program = PROGRAM.format(actions=[ACTION])
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: begun.exists() and begun.stat().st_size >= moved, f"{moved} letters")
        os.kill(process.pid, signal.SIGKILL)
    aside, left = numbers(DeadLetterFile(tmp_path / "aside.bad")), numbers(file)
    assert set(aside) | set(left) == {str(number) for number in range(1000)}
    assert len(set(aside) & set(left)) <= 50
    assert len(aside) == len(set(aside))
