from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import pytest

from record_processor.actions import file
from record_processor.actions.file import FileAction, FileSettings
from record_processor.errors import InvalidSettingError, NotTriedError
from record_processor.records.stream import Shard
from record_processor.system import shared_file
from tests.builders import STREAM, change_record
from tests.unit.system.test_shared_file import room_for

if TYPE_CHECKING:
    from pathlib import Path

SHARD = Shard("shardId-1", STREAM)


def opened(path: Path | str) -> FileAction:
    action = FileAction(FileSettings(name="audit", type="file", path=str(path)))
    action.open(SHARD)
    return action


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_record_is_one_line_in_the_shape_of_lambdas_event(tmp_path: Path) -> None:
    action = opened(tmp_path / "new" / "changes.jsonl")
    record = change_record()
    action.deliver([record])
    action.flush()
    assert lines(tmp_path / "new" / "changes.jsonl") == [record.to_lambda()]


def test_a_flush_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    action = opened(tmp_path / "changes.jsonl")
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_size))
    action.deliver([change_record()])
    action.flush()
    assert synced == [(tmp_path / "changes.jsonl").stat().st_size]


def test_table_and_shard_stand_in_the_path(tmp_path: Path) -> None:
    action = opened(tmp_path / "{table}" / "{shard}.jsonl")
    action.deliver([change_record()])
    action.flush()
    assert len(lines(tmp_path / "Phones" / "shardId-1.jsonl")) == 1


def test_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(InvalidSettingError, match=r"table.*shard") as refused:
        FileAction(FileSettings(name="audit", type="file", path="{day}.jsonl"))
    assert refused.value.key == "path"


def test_a_line_that_a_crash_cut_stays_one_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    path.write_text('{"eventID": "cut')
    action = opened(path)
    action.deliver([change_record()])
    action.flush()
    bad, good = path.read_text().splitlines()
    assert bad == '{"eventID": "cut'
    assert json.loads(good) == change_record().to_lambda()


def test_a_full_disk_loses_nothing_and_leaves_no_part_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    action = opened(path)
    action.deliver([change_record(SequenceNumber="1"), change_record(SequenceNumber="2")])
    with room_for(50), pytest.raises(OSError, match="File too large"):
        action.flush()
    assert path.read_bytes() == b""
    action.flush()
    assert [line["dynamodb"]["SequenceNumber"] for line in lines(path)] == ["1", "2"]


def test_lines_are_forgotten_only_when_the_disk_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    action = opened(tmp_path / "changes.jsonl")
    action.deliver([change_record(SequenceNumber="1")])
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", MagicMock(side_effect=OSError(5, "Input/output error")))
        with pytest.raises(OSError, match="Input/output"):
            action.flush()
    action.flush()
    assert [line["dynamodb"]["SequenceNumber"] for line in lines(tmp_path / "changes.jsonl")] == ["1"]


def test_records_that_wait_for_a_locked_file_have_not_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Else they would become dead letters, for another process's fault."""
    monkeypatch.setattr(shared_file, "LONGEST_LOCK_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(file, "_BUFFER_BYTES", 1)
    action = opened(tmp_path / "changes.jsonl")
    action.deliver([change_record(SequenceNumber="1")])
    with (tmp_path / "changes.jsonl").open("rb") as others:
        fcntl.flock(others, fcntl.LOCK_EX)
        with pytest.raises(NotTriedError):
            action.deliver([change_record(SequenceNumber="2")])
    assert "another process holds the lock" in caplog.text
    action.deliver([change_record(SequenceNumber="2")])
    action.flush()
    assert [line["dynamodb"]["SequenceNumber"] for line in lines(tmp_path / "changes.jsonl")] == ["1", "2"]


def write_many(path: str, name: int) -> None:
    action = opened(path)
    for number in range(300):
        action.deliver([change_record(SequenceNumber=f"{name}{number:05}", NewImage={"Pad": {"S": "x" * 3000}})])
        action.flush()


def test_writers_that_share_a_file_never_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "shared.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(str(path), name)) for name in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    numbers = [line["dynamodb"]["SequenceNumber"] for line in lines(path)]
    assert sorted(numbers) == [f"{name}{number:05}" for name in (1, 2) for number in range(300)]
