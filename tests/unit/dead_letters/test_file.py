from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path

import pytest

from record_processor.actions.base import Shard
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.letter import Letter, write
from tests.builders import STREAM, adapter_json

SHARD = Shard("shardId-1", STREAM)


def letter(number: int, raw: bytes | None = None) -> Letter:
    record = json.dumps(adapter_json(SequenceNumber=str(number))).encode() if raw is None else raw
    try:
        raise RuntimeError(f"failure {number}")
    except RuntimeError as error:
        return write("shop", SHARD, str(number), record, error, 3, 1_795_415_484.0, 1_795_415_490.5)


def numbers(file: DeadLetterFile) -> list[str]:
    return [one.sequence_number for one in file.read()[0]]


def test_a_letter_has_the_whole_record_and_its_story(tmp_path: Path) -> None:
    DeadLetterFile(tmp_path / "dead.jsonl").store([letter(7)])
    stored = json.loads((tmp_path / "dead.jsonl").read_text())
    assert stored["record"] == adapter_json(SequenceNumber="7")
    assert stored["error"]["type"] == "RuntimeError"
    assert stored["error"]["message"] == "failure 7"
    assert "raise RuntimeError" in stored["error"]["traceback"]
    expected = {
        "action": "shop",
        "shard_id": "shardId-1",
        "stream_arn": STREAM.arn,
        "sequence_number": "7",
        "attempts": 3,
        "first_attempt_at": "2026-11-23T06:31:24+00:00",
        "last_attempt_at": "2026-11-23T06:31:30.500000+00:00",
    }
    assert expected.items() <= stored.items()


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"{", b'{"a":\n1}', b""])
def test_bytes_that_are_no_json_come_back_as_they_were(tmp_path: Path, raw: bytes) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    file.store([letter(1, raw)])
    assert file.read()[0][0].raw == raw


def test_removing_leaves_the_others_and_what_cannot_be_read(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    letters = [letter(number) for number in range(4)]
    file.store(letters)
    with file.path.open("a") as raw:
        raw.write("a note of somebody's\n")
    file.remove({letters[1].id, letters[3].id})
    assert numbers(file) == ["0", "2"]
    assert file.path.read_text().endswith("a note of somebody's\n")


def test_a_letter_that_a_crash_cut_spoils_no_other(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    file.path.write_text('{"id": "cut')
    file.store([letter(1)])
    assert (numbers(file), file.read()[1]) == (["1"], 1)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("dead/", "dead/shop.jsonl"), ("{table}-{shard}.jsonl", "Phones-shardId-1.jsonl"), ("x/{action}", "x/shop")],
)
def test_a_path_may_have_the_records_places_in_it(path: str, expected: str) -> None:
    assert DeadLetterFile.of(path, "shop", SHARD).path == Path(expected)


def store_many(path: str, name: int) -> None:
    file = DeadLetterFile(Path(path))
    for number in range(150):
        file.store([letter(name * 1000 + number)])


def test_nothing_is_lost_while_letters_are_added_and_taken_out_at_once(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=store_many, args=(str(file.path), name)) for name in (1, 2)]
    for writer in writers:
        writer.start()
    taken: list[str] = []
    while any(writer.is_alive() for writer in writers):
        if file.path.exists():
            some = file.read()[0][:5]
            file.remove({one.id for one in some})
            taken += [one.sequence_number for one in some]
        time.sleep(0.001)
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert taken
    everything = sorted(taken + numbers(file))
    assert everything == sorted(str(name * 1000 + number) for name in (1, 2) for number in range(150))
