from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from pathlib import Path
from unittest.mock import MagicMock

import msgspec
import pytest

from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.letter import Letter, write
from record_processor.errors import SetupError
from record_processor.records.stream import Shard
from tests.builders import STREAM, adapter_json
from tests.unit.system.test_shared_file import room_for

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


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"{", b'{"a":\n1}', b"", b"\r{} "])
def test_bytes_that_are_no_json_come_back_as_they_were(tmp_path: Path, raw: bytes) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    file.store([letter(1, raw)])
    (only,) = file.read()[0]
    assert only.raw == raw


def test_a_line_that_is_nested_too_deep_keeps_no_letter_from_being_removed(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    file.store([letter(1)])
    deep = b'{"more": ' + b"[" * 5000 + b"]" * 5000 + b', "id": "x"}\n'
    with file.path.open("ab") as stored:
        stored.write(deep)
    file.remove(list(file.read()[0]))
    assert file.path.read_bytes() == deep


def test_removing_leaves_the_others_and_what_cannot_be_read(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    letters = [letter(number) for number in range(4)]
    file.store(letters)
    with file.path.open("a") as raw:
        raw.write("a note of somebody's\n")
    file.remove([letters[1], letters[3]])
    assert numbers(file) == ["0", "2"]
    assert file.path.read_text().endswith("a note of somebody's\n")


def test_a_letter_that_took_the_id_of_another_takes_it_not_along(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    good = letter(1)
    forged = msgspec.structs.replace(letter(2), id=good.id)
    file.store([good, forged])
    file.remove([forged])
    assert numbers(file) == ["1"]
    file.remove([good, letter(3)])
    assert numbers(file) == []


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
    assert DeadLetterFile.of(path, "shop", SHARD).path == Path.cwd() / expected


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
            some = list(itertools.islice(file.read()[0], 5))
            file.remove(some)
            taken += [one.sequence_number for one in some]
        time.sleep(0.001)
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert taken
    everything = sorted(taken + numbers(file))
    assert everything == sorted(str(name * 1000 + number) for name in (1, 2) for number in range(150))


def test_a_full_disk_leaves_no_part_of_a_letter_and_none_twice(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    letters = [letter(1), letter(2)]
    with room_for(1500), pytest.raises(OSError, match="File too large"):  # the first would fit
        file.store(letters)
    assert file.path.read_bytes() == b""
    file.store(letters)
    assert numbers(file) == ["1", "2"]


def test_a_shortened_file_keeps_its_owner_and_its_mode(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    letters = [letter(1), letter(2)]
    file.store(letters)
    file.path.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(file.path, 4321, 1234)
    before = file.path.stat()
    file.remove(letters[:1])
    after = file.path.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


def test_an_owner_that_cannot_be_kept_is_said_and_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    file.store([letter(1)])
    monkeypatch.setattr(os, "fchown", MagicMock(side_effect=PermissionError))
    with pytest.raises(SetupError, match=r"dead.jsonl: belongs to user \d+ .* run it as that user, or as root"):
        file.remove(())
    assert numbers(file) == ["1"]
    assert [path.name for path in tmp_path.iterdir()] == ["dead.jsonl"]


def test_a_removal_that_the_disk_has_no_room_for_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    letters = [letter(1), letter(2)]
    file.store(letters)
    with room_for(500), pytest.raises(OSError, match="File too large"):
        file.remove(letters[:1])
    assert numbers(file) == ["1", "2"]
    assert [path.name for path in tmp_path.iterdir()] == ["dead.jsonl"]


def test_what_is_no_letter_is_set_aside_beside_what_was_before(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.jsonl")
    file.store([letter(1)])
    with file.path.open("a") as raw:
        raw.write("a note of somebody's\n\n")
    file.store([letter(2)])
    with file.path.open("a") as raw:
        raw.write('{"id": "cut')
    (tmp_path / "dead.jsonl.bad").write_text("from the last time, cut")
    assert file.read()[1] == 2
    assert file.set_aside() == str(tmp_path / "dead.jsonl.bad")
    assert (numbers(file), file.read()[1]) == (["1", "2"], 0)
    aside = ["from the last time, cut", "a note of somebody's", '{"id": "cut']
    assert (tmp_path / "dead.jsonl.bad").read_text().splitlines() == aside


def test_files_that_were_set_aside_are_no_files_of_letters(tmp_path: Path) -> None:
    folder = tmp_path / "[dead]"
    for name in ("Phones", "Phones.bad", "Orders.shortened"):
        DeadLetterFile(folder / name).store([letter(1)])
    assert [file.path.name for file in DeadLetterFile.all_of(f"{folder}/{{table}}", "shop")] == ["Phones"]


def test_a_file_beyond_two_gib_loses_nothing(tmp_path: Path) -> None:
    """One call of the system reads 2 GiB at most."""
    memory = Path("/dev/shm")  # noqa: S108 - a disk would take many seconds
    roomy = shutil.disk_usage(memory).free > 6 << 30
    with tempfile.TemporaryDirectory(dir=memory if roomy else tmp_path) as folder:
        file = DeadLetterFile(Path(folder) / "dead.jsonl")
        letters = [letter(1), letter(2), letter(3)]
        file.store(letters[:1])
        hole = (2 << 30) + 5
        os.truncate(file.path, file.path.stat().st_size + hole)
        file.store(letters[1:])
        size = file.path.stat().st_size
        file.remove(letters[:2])
        assert numbers(file) == ["3"]
        assert hole < file.path.stat().st_size < size
        assert file.remove_at_once > 2000
