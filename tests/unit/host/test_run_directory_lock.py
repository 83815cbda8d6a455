"""Run directories of workers that were killed: what they leave goes with the next start, and nobody else's does."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from record_processor.host import run_directory_lock
from record_processor.system import private_files
from tests.harness import wait_for

if TYPE_CHECKING:
    from pathlib import Path

# A worker: it makes the directory, starts a "JVM" that inherits the lock, says where and who, and waits.
_WORKER = """
import subprocess, sys
from pathlib import Path
from record_processor.system import private_files
from record_processor.host import run_directory_lock
private_files.places = lambda: [Path(sys.argv[1])]
path, lock = run_directory_lock.make()
private_files.write(path / "actions.json", b"secret")
jvm = subprocess.Popen(["sleep", "600"], pass_fds=[lock])
program = subprocess.Popen(["sleep", "600"])
print(path.name, jvm.pid, program.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(private_files, "places", lambda: [tmp_path])
    return tmp_path


def test_what_a_killed_worker_left_goes_once_its_jvm_is_gone_too(place: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        name, jvm, program = worker.stdout.readline().split()
        try:
            assert run_directory_lock.remove_abandoned() == []
            worker.kill()
            worker.wait()
            assert run_directory_lock.remove_abandoned() == []
            assert (place / name / "actions.json").exists()
        finally:
            os.kill(int(jvm), signal.SIGKILL)
        wait_for(lambda: run_directory_lock.remove_abandoned() == [place / name], "it is removed", seconds=5)
        assert not (place / name).exists()
        os.kill(int(program), signal.SIGKILL)


def test_a_directory_that_is_in_use_stays(place: Path) -> None:
    path, lock = run_directory_lock.make()
    assert run_directory_lock.remove_abandoned() == []
    os.close(lock)
    assert run_directory_lock.remove_abandoned() == [path]
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("name", ["record-processor-abcdefgh", "record-processor-backup01", "record-processor-x"])
def test_a_directory_without_a_lock_or_of_another_name_is_none_of_ours(place: Path, name: str) -> None:
    folder = place / name
    folder.mkdir(mode=0o700)
    (folder / ("lock" if name.endswith("-x") else "data")).touch()
    assert run_directory_lock.remove_abandoned() == []
    assert folder.exists()


def test_a_directory_that_others_can_enter_and_a_link_to_one_are_left_alone(place: Path) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / "lock").touch()
    (place / "record-processor-abcdefgh").symlink_to(elsewhere)
    shared = place / "record-processor-shared01"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "lock").touch()
    assert run_directory_lock.remove_abandoned() == []
    assert (elsewhere / "lock").exists()
    assert (shared / "lock").exists()


def test_a_lock_that_is_a_link_is_not_followed(place: Path) -> None:
    folder = place / "record-processor-abcdefgh"
    folder.mkdir(mode=0o700)
    (place / "other").touch()
    (folder / "lock").symlink_to(place / "other")
    assert run_directory_lock.remove_abandoned() == []
    assert folder.exists()


def test_an_end_in_the_middle_of_a_removal_leaves_the_lock_by_which_the_rest_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, lock = run_directory_lock.make()
    private_files.write(path / "actions.json", b"secret")
    os.close(lock)
    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", lambda _path: None)
        assert run_directory_lock.remove_abandoned() == []
    assert [entry.name for entry in path.iterdir()] == ["lock"]
    assert run_directory_lock.remove_abandoned() == [path]


def test_a_file_with_secrets_is_private_from_the_beginning_and_is_not_written_through_a_link(place: Path) -> None:
    before = os.umask(0)
    try:
        private_files.write(place / "file", b"secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / "file").stat().st_mode) == 0o600
    (place / "link").symlink_to(place / "target")
    with pytest.raises(OSError, match="symbolic link"):
        private_files.write(place / "link", b"secret")
    assert not (place / "target").exists()
