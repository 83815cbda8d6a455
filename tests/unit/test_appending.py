from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from record_processor.appending import SharedFile

if TYPE_CHECKING:
    from pathlib import Path


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
