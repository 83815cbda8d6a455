from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest
from click.testing import CliRunner

from record_processor.cli import cli
from record_processor.system import private_files
from record_processor.system.shared_file import SharedFile

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


@pytest.mark.usefixtures("umask_as_before")
@pytest.mark.parametrize(
    ("arguments", "module", "name"),
    [
        (["run", "x"], "record_processor.host.run", "run"),
        (["replay", "x"], "record_processor.host.check", "check"),
        (["local", "--data", "x"], "record_processor.local.ministack", "run"),
    ],
)
def test_every_command_that_makes_files_keeps_others_out_of_them(
    arguments: list[str], module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables of `local --data` too: whoever tries the worker tries it with what he has."""
    begun: list[int] = []

    def begin(*_: object) -> NoReturn:
        begun.append(os.umask(0))
        raise SystemExit(0)

    monkeypatch.setattr(f"{module}.{name}", begin)
    monkeypatch.setattr("record_processor.cli.raise_stop_signals", lambda: None)
    monkeypatch.setattr(sys, "path", [*sys.path])
    os.umask(0o022)
    CliRunner().invoke(cli, arguments)
    assert begun == [0o027]
