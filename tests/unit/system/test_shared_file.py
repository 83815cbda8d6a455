from __future__ import annotations

import errno
import fcntl
import os
import resource
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from record_processor.system import shared_file
from record_processor.system.shared_file import FileLockedError, SharedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def room_for(file_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond this many bytes: the kernel accepts a part of a write, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_threads_that_share_a_file_keep_each_other_out(tmp_path: Path) -> None:
    """The lock of a file belongs to its descriptor, which threads have in common: it does not stop them."""
    file = SharedFile(tmp_path / "lines")
    inside = 0
    most = 0

    def write() -> None:
        nonlocal inside, most
        for _ in range(200):
            with file.locked() as fd:
                inside += 1
                most = max(most, inside)
                os.write(fd, b"x\n")
                inside -= 1

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert most == 1
    assert (tmp_path / "lines").read_bytes() == b"x\n" * 1600


def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    file = SharedFile(tmp_path / "a" / "lines")
    with file.locked() as fd:
        os.write(fd, b"old\n")
    (tmp_path / "a" / "lines").rename(tmp_path / "a" / "moved")
    with file.locked() as fd:
        os.write(fd, b"new\n")
    file.close()
    assert (tmp_path / "a" / "moved").read_text() == "old\n"
    assert (tmp_path / "a" / "lines").read_text() == "new\n"


def test_an_append_that_the_disk_took_a_part_of_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = SharedFile(tmp_path / "lines")
    file.append(b"first\n")
    with room_for(10), pytest.raises(OSError, match="File too large"):
        file.append(b"second\nthird\n")
    assert (tmp_path / "lines").read_bytes() == b"first\n"
    file.append(b"second\nthird\n")
    assert (tmp_path / "lines").read_bytes() == b"first\nsecond\nthird\n"


def test_what_could_not_be_synced_is_not_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel says once that it could not write a page, and then takes it for written."""
    file = SharedFile(tmp_path / "lines")
    file.append(b"first\n")

    def fail(_fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            file.append(b"second\n")
    assert (tmp_path / "lines").read_bytes() == b"first\n"


def test_a_lock_that_another_process_keeps_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_file, "LONGEST_LOCK_WAIT_SECONDS", 0.05)
    file = SharedFile(tmp_path / "lines")
    file.open()
    with (tmp_path / "lines").open("rb") as others:
        fcntl.flock(others, fcntl.LOCK_EX)
        with pytest.raises(FileLockedError, match=r"another process holds the lock.*lines"):
            file.append(b"x\n")
    file.append(b"y\n")
    assert (tmp_path / "lines").read_bytes() == b"y\n"


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    """Who may write in the folder would choose which file of the worker's grows."""
    (tmp_path / "lines").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="is a symbolic link, which is not followed: name the file"):
        SharedFile(tmp_path / "lines").append(b"x\n")
    assert not (tmp_path / "target").exists()


def test_a_link_that_takes_the_place_of_an_open_file_is_not_written_through(tmp_path: Path) -> None:
    file = SharedFile(tmp_path / "lines")
    file.append(b"x\n")
    (tmp_path / "lines").rename(tmp_path / "moved")
    (tmp_path / "lines").symlink_to(tmp_path / "moved")
    with pytest.raises(OSError, match="is a symbolic link"):
        file.append(b"y\n")
    assert (tmp_path / "moved").read_bytes() == b"x\n"
