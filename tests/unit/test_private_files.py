from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from record_processor import private_files
from record_processor.appending import SharedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def umask_as_before() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask_as_before")
@pytest.mark.parametrize(("users", "result"), [(0o000, 0o027), (0o022, 0o027), (0o077, 0o077)])
def test_a_stricter_umask_of_the_user_stays(users: int, result: int) -> None:
    os.umask(users)
    private_files.restrict_new_files()
    assert os.umask(0) == result


@pytest.mark.usefixtures("umask_as_before")
def test_files_and_folders_of_lines_are_for_user_and_group(tmp_path: Path) -> None:
    private_files.restrict_new_files()
    SharedFile(tmp_path / "folder" / "lines").append(b"x\n")
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750
    assert stat.S_IMODE((tmp_path / "folder" / "lines").stat().st_mode) == 0o640
