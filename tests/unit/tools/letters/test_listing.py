"""`dead-letters list` and `show`, of letters that anybody may have written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.letter import Failure, Letter
from record_processor.errors import SetupError
from record_processor.tools.letters.choice import Choice
from record_processor.tools.letters.counts import Counts
from record_processor.tools.letters.listing import Listing
from record_processor.tools.letters.places import Places
from record_processor.tools.letters.view import show, text
from tests.builders import adapter_json
from tests.unit.dead_letters.test_file import letter

if TYPE_CHECKING:
    from pathlib import Path

ACTION = {"name": "shop", "type": "log", "dead_letter": {"type": "file", "path": "dead/"}}


def failed(number: int, error: str, **changed: Any) -> Letter:
    return msgspec.structs.replace(letter(number), error=Failure("ValueError", error, ""), **changed)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.chdir(tmp_path)
    return Places([ACTION], None, "us-west-2")


@pytest.fixture
def file(tmp_path: Path) -> DeadLetterFile:
    return DeadLetterFile(tmp_path / "dead" / "shop.jsonl")


def test_letters_are_counted_by_action_table_and_error(
    file: DeadLetterFile, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    file.store([failed(1, "no item 'A-1' in stock", stored_at="2026-11-26T10:00:00+00:00")])
    file.store([failed(2, "no item 'B-22' in stock", stored_at="2026-11-26T12:00:00+00:00"), failed(3, "HTTP 503")])
    Listing(places, Choice()).say(each=False)
    said = capsys.readouterr().out
    assert (
        "shop    Phones  ValueError: no item '…' in stock  2        2026-11-26T10:00:00Z  2026-11-26T12:00:00Z" in said
    )
    assert "ValueError: HTTP 503" in said
    assert said.endswith("\n3 dead letters\n")


def test_what_is_no_letter_is_counted_and_stays(
    file: DeadLetterFile, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    file.store([letter(1)])
    with file.path.open("a") as raw:
        raw.write('nothing\n{"id": ' + "[" * 100_000 + "\n")
    before = file.path.read_bytes()
    Listing(places, Choice()).say_json()
    found = json.loads(capsys.readouterr().out)
    assert (found["letters"], found["places"][0]["not_letters"]) == (1, 2)
    assert found["places"][0]["groups"][0]["error"] == "RuntimeError: failure 1"
    Listing(places, Choice()).say(each=False)
    assert "2 are not dead letters; `quarantine` sets them aside" in capsys.readouterr().err
    assert file.path.read_bytes() == before


def test_each_letter_has_a_line_with_its_id(
    file: DeadLetterFile, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    one = letter(1)
    file.store([one, letter(2)])
    Listing(places, Choice(ids=frozenset([one.id]))).say(each=True)
    assert capsys.readouterr().out == f"{one.id} shop: Phones 1 (RuntimeError: failure 1)\n1 dead letter\n"


def test_an_action_or_an_id_that_there_is_not_is_named(file: DeadLetterFile, places: Places) -> None:
    file.store([letter(1)])
    with pytest.raises(SetupError, match=r"--action: unknown action 'shpo'; did you mean 'shop'\?"):
        Listing(places, Choice(action="shpo")).say(each=False)
    with pytest.raises(SetupError, match=r"no dead letter has the id abc; .*list --each"):
        Listing(places, Choice(ids=frozenset(["abc"]))).say(each=False)
    with pytest.raises(SetupError, match="no dead letter has the id abc"):
        show(places, "abc", shows_values=False)


def test_a_million_different_errors_cost_few_groups_and_lines() -> None:
    counts = Counts()
    one = letter(1)
    for number in range(2000):
        counts.add(
            msgspec.structs.replace(one, error=Failure("E" + "x" * number, "\x1b[2J\n" + "9" * 100_000, ""), action="a")
        )
        counts.add(msgspec.structs.replace(one, action=f"a{number}"))
    assert len(counts.groups) <= 501
    assert counts.letters == 4000
    lines = counts.text().split("\n")
    assert len(lines) == len(counts.groups) + 1
    assert max(map(len, lines)) < 400
    assert "\x1b" not in counts.text()


def test_a_letter_without_a_time_has_none_in_the_table() -> None:
    counts = Counts()
    counts.add(msgspec.structs.replace(letter(1), stored_at="soon"))
    assert counts.text().endswith("1        ?      ?")


SECRET = '4111-1111 "quoted" \'é\n'


def with_secret(**changed: Any) -> Letter:
    image = {"Company": {"S": "Motorola"}, "card": {"M": {"number": {"S": SECRET}, "l": {"L": [{"N": "12345.67"}]}}}}
    record = adapter_json(NewImage=image, userIdentity={"principalId": "somebody"})
    error = Failure("ValueError", f"bad card {SECRET!r}", f"Traceback\n  {json.dumps(SECRET)}\nValueError: 12345.67")
    return msgspec.structs.replace(letter(1, json.dumps(record).encode()), error=error, **changed)


def test_values_are_masked_also_where_the_error_quotes_them() -> None:
    shown = text(with_secret(), "dead.jsonl", shows_values=False)
    for value in ("4111", "Motorola", "Cool Phone", "12345.67", "somebody"):
        assert value not in shown, value
    for kept in ("card", "eventName", "INSERT", "000000000000000000001", "bad card '(masked)'", "(22 characters)"):
        assert kept in shown, kept


def test_values_are_shown_if_somebody_asks_for_them() -> None:
    shown = text(with_secret(), "dead.jsonl", shows_values=True)
    assert json.dumps(SECRET, ensure_ascii=False) in shown
    assert "ValueError: 12345.67" in shown


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe secret",
        b'{"secret"',
        b"null",
        b'"secret"',
        b'["secret"]',
        b'{"dynamodb": ["secret"]}',
        b'{"dynamodb": {"Keys": "secret", "dynamodb": {"x": "secret"}, "SequenceNumber": {"S": "secret"}}}',
        b'{"dynamodb":' + b'{"a":' * 900 + b'"secret"' + b"}" * 901,
        b'{"dynamodb":{"SizeBytes":' + b"9" * 5000 + b"}}",
        b"[" * 500_000,
    ],
)
def test_a_record_of_any_form_is_shown_without_its_values(raw: bytes) -> None:
    one = msgspec.structs.replace(letter(1, raw), error=Failure("E", "secret", "secret"))
    shown = text(one, "dead.jsonl", shows_values=False)
    assert "secret" not in shown.replace('"secret": "(', "")
    text(one, "dead.jsonl", shows_values=True)


def test_what_a_letter_says_stays_in_its_place() -> None:
    loud = msgspec.structs.replace(
        letter(1), stored_at="x\nid  other\x1b[2J", error=Failure("E\n", "a\nb", "c\nid  other\n")
    )
    shown = text(loud, "dead.jsonl", shows_values=True)
    assert "\nid " not in shown
    assert shown.count("\x1b") == 0


def test_a_letter_is_found_in_its_place(
    file: DeadLetterFile, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    one = with_secret(left_out=("OldImage",))
    file.store([letter(1), one])
    show(places, one.id, shows_values=False)
    said = capsys.readouterr().out
    assert f"id               {one.id}\nplace            {file.path}\n" in said
    assert "left out         OldImage" in said
    assert "4111" not in said
