"""Dead letters are read when somebody asks, one reading at a time, and one is looked into at a time."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.console import letter_places
from record_processor.console.letter_desk import LetterDesk
from record_processor.console.letter_places import Found, LetterPlaces
from record_processor.dead_letters import letter as letters
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.errors import SetupError
from record_processor.records.stream import Shard
from tests.builders import ARN, STREAM, adapter_json

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.console.answers import Answer
    from record_processor.dead_letters.letter import Letter

SHARD = Shard("shardId-1", STREAM)
SECRET = "4111-secret"


def letter(number: int, action: str = "mail", raw: bytes | None = None) -> Letter:
    record = json.dumps(adapter_json(NewImage={"Card": {"S": SECRET}})).encode() if raw is None else raw
    return letters.write(action, SHARD, str(number), record, ValueError("<b>no</b>"), 3, 1.0, 2.0)


def desk(folder: Path, *content: Letter, shows_values: bool = False) -> LetterDesk:
    path = folder / "letters.jsonl"
    if content:
        DeadLetterFile(path).store(content)
    item = {"name": "mail", "type": "log", "dead_letter": {"type": "file", "path": str(path)}}
    return LetterDesk(LetterPlaces([item, {"name": "show", "type": "log"}], "us-west-2"), shows_values)


def said(answer: Answer) -> Any:
    import gzip

    return json.loads(gzip.decompress(answer.body) if answer.is_gzip else answer.body)


def test_the_newest_letters_of_an_action_come_first(tmp_path: Path) -> None:
    made = desk(tmp_path, letter(1), letter(2), letter(3, action="other"))
    assert [one["action"] for one in said(made.places({}))] == ["mail"]
    listing = said(made.read({"action": "mail"}))
    assert [one["sequence_number"] for one in listing["letters"]] == ["2", "1"]
    assert listing["letters"][0]["error"] == "ValueError: <b>no</b>"
    assert (listing["has_more"], listing["unreadable"]) == (False, 0)


def test_more_letters_than_are_shown_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_places, "MOST_LETTERS", 2)
    listing = said(desk(tmp_path, *map(letter, range(1, 6))).read({"action": "mail"}))
    assert [one["sequence_number"] for one in listing["letters"]] == ["5", "4"]
    assert listing["has_more"]


@pytest.mark.parametrize("shows_values", [False, True])
def test_a_letter_is_shown_with_its_values_only_if_these_were_asked_for(tmp_path: Path, shows_values: bool) -> None:
    made = desk(tmp_path, letter(1), letter(2, raw=b"no record " + SECRET.encode()), shows_values=shows_values)
    listing = said(made.read({"action": "mail"}))
    for number in ("0", "1"):
        answer = made.letter({"reading": str(listing["reading"]), "number": number})
        assert answer.status == 200
        assert (SECRET in said(answer)["record"]) is shows_values
        assert said(answer)["stream_arn"] == ARN


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"number": "7"}, 404),
        ({"number": "-1"}, 404),
        ({"number": "x"}, 404),
        ({"number": "1" * 5000}, 404),
        ({"number": "0", "reading": "99"}, 410),
        ({}, 404),
    ],
)
def test_what_is_not_there_is_no_fault(tmp_path: Path, query: dict[str, str], status: int) -> None:
    made = desk(tmp_path, letter(1))
    listing = said(made.read({"action": "mail"}))
    assert made.letter({"reading": str(listing["reading"]), **query}).status == status


def test_no_letters_and_a_place_that_cannot_be_read_and_an_unknown_action_are_told_apart(tmp_path: Path) -> None:
    made = desk(tmp_path)
    assert said(made.read({"action": "mail"}))["letters"] == []
    assert made.read({"action": "show"}).status == 502
    assert "there is no action 'gone'" in said(made.read({"action": "gone"}))["error"]
    (tmp_path / "x.jsonl").mkdir()
    item = {"name": "mail", "type": "log", "dead_letter": {"type": "file", "path": str(tmp_path / "x.jsonl")}}
    broken = LetterDesk(LetterPlaces([item], "us-west-2"), shows_values=False)
    answer = broken.read({"action": "mail"})
    assert answer.status == 502
    assert str(tmp_path / "x.jsonl") in said(answer)["error"]


def test_things_that_are_no_letters_are_counted(tmp_path: Path) -> None:
    made = desk(tmp_path, letter(1))
    with (tmp_path / "letters.jsonl").open("a") as file:
        file.write('{"id": "x"}\n<script>\n')
    listing = said(made.read({"action": "mail"}))
    assert (len(listing["letters"]), listing["unreadable"]) == (1, 2)


class SlowPlaces:
    """Places that are slow until they are told not to be."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.readings = 0

    def all(self) -> list[Any]:
        return []

    def read(self, action: str) -> Found:
        if not action:
            raise SetupError("none")
        self.readings += 1
        self.go_on.wait(60)
        return Found([letter(1)], more=False, unreadable=0, refused=[])


def test_any_number_of_browsers_cause_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    from record_processor.console import letter_desk

    monkeypatch.setattr(letter_desk, "_PATIENCE_SECONDS", 0.01)
    places: Any = SlowPlaces()
    made = LetterDesk(places, shows_values=False)
    for _ in range(5):
        assert made.read({"action": "mail"}).status == 202
    assert made.read({"action": "other"}).status == 409
    places.go_on.set()
    monkeypatch.setattr(letter_desk, "_PATIENCE_SECONDS", 60)
    assert len(said(made.read({"action": "mail"}))["letters"]) == 1
    assert len(said(made.read({"action": "mail"}))["letters"]) == 1
    assert places.readings == 1


def test_topics_cannot_be_read_and_queues_warn() -> None:
    items = [
        {"name": "a", "type": "log", "dead_letter": {"type": "sns", "topic_arn": "arn:aws:sns:eu-west-1:1:t"}},
        {"name": "b", "type": "log", "dead_letter": {"type": "sqs", "queue_url": "https://sqs.eu-west-1.x.com/1/q"}},
    ]
    topic, queue = LetterPlaces(items, "eu-west-1").all()
    assert (topic.is_readable, queue.is_readable) == (False, True)
    assert "redrive" in (queue.note or "")
