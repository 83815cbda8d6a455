"""Files that are replaced by size and by time, and gzipped when they are finished."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions._file_rotation import Rotate
from record_processor.actions.file import FileAction, FileSettings
from record_processor.config.units import ByteSize, Duration
from record_processor.errors import InvalidSettingError
from record_processor.records.stream import Shard
from tests.builders import STREAM, change_record
from tests.harness import wait_for

if TYPE_CHECKING:
    from pathlib import Path

SHARD = Shard("shardId-1", STREAM)


def opened(folder: Path, **rotate: Any) -> FileAction:
    settings = FileSettings(name="a", type="file", path=str(folder / "audit.jsonl"), rotate=Rotate(**rotate))
    action = FileAction(settings)
    action.open(SHARD)
    return action


def write(action: FileAction, numbers: range) -> None:
    for number in numbers:
        action.deliver([change_record(SequenceNumber=str(number))])
        action.flush()


def all_numbers(folder: Path) -> list[int]:
    """Of every file, finished ones first."""
    texts = [gzip.decompress(path.read_bytes()) for path in sorted(folder.glob("*.gz"))]
    texts += [path.read_bytes() for path in sorted(folder.glob("audit.2*.jsonl"))]
    texts.append((folder / "audit.jsonl").read_bytes())
    return [int(json.loads(line)["dynamodb"]["SequenceNumber"]) for text in texts for line in text.splitlines()]


def finished(folder: Path) -> list[Path]:
    return sorted(folder.glob("audit.2*.jsonl.gz"))


def test_a_file_begins_anew_before_it_would_be_too_large_and_the_old_one_is_gzipped(tmp_path: Path) -> None:
    action = opened(tmp_path, size=ByteSize(5000))
    write(action, range(50))
    wait_for(lambda: finished(tmp_path) and not list(tmp_path.glob("audit.2*.jsonl")), "all finished ones are gzipped")
    assert sorted(all_numbers(tmp_path)) == list(range(50))
    assert all(len(gzip.decompress(path.read_bytes())) <= 5000 for path in finished(tmp_path))
    assert len(finished(tmp_path)) >= 3
    assert not list(tmp_path.glob("*.part"))


def test_a_file_of_an_earlier_period_begins_anew_also_after_a_restart(tmp_path: Path) -> None:
    first = opened(tmp_path, every=Duration(3600), gzip=False)
    write(first, range(3))
    first.close()
    hours_ago = (tmp_path / "audit.jsonl").stat().st_mtime - 7200
    os.utime(tmp_path / "audit.jsonl", (hours_ago, hours_ago))
    second = opened(tmp_path, every=Duration(3600), gzip=False)
    write(second, range(3, 5))
    (old,) = tmp_path.glob("audit.2*.jsonl")
    assert len(old.read_text().splitlines()) == 3
    assert len((tmp_path / "audit.jsonl").read_text().splitlines()) == 2


def test_what_a_crash_left_ungzipped_is_gzipped_by_the_next_process(tmp_path: Path) -> None:
    left = tmp_path / "audit.20261124T000000Z.jsonl"
    left.write_text("{}\n")
    (tmp_path / "audit.20261124T000000Z.jsonl.gz.part").write_text("half of it")
    opened(tmp_path, size=ByteSize(5000))
    wait_for(lambda: not left.exists(), "it is gzipped")
    assert gzip.decompress((tmp_path / "audit.20261124T000000Z.jsonl.gz").read_bytes()) == b"{}\n"


def test_the_gzipped_file_has_the_mode_of_the_plain_one_and_is_not_written_through_a_link(tmp_path: Path) -> None:
    left = tmp_path / "audit.20261124T000000Z.jsonl"
    left.write_text("{}\n")
    left.chmod(0o604)
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / "audit.20261124T000000Z.jsonl.gz.part").symlink_to(target)
    opened(tmp_path, size=ByteSize(5000))
    wait_for(lambda: not left.exists(), "it is gzipped")
    assert stat.S_IMODE((tmp_path / "audit.20261124T000000Z.jsonl.gz").stat().st_mode) == 0o604
    assert target.read_text() == "mine"


def _write_in_a_process(folder: Path, start: int) -> None:
    action = opened(folder, size=ByteSize(4000), gzip=False)
    write(action, range(start, start + 100))


def test_several_processes_that_share_a_file_lose_nothing_to_each_others_rotations(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_in_a_process, args=(tmp_path, start)) for start in (0, 100, 200)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert sorted(all_numbers(tmp_path)) == list(range(300))


@pytest.mark.parametrize("settings", [{}, {"size": ByteSize(0)}, {"every": Duration(0.5)}])
def test_a_rotation_that_says_nothing_or_too_little_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettingError):
        Rotate(**settings)
