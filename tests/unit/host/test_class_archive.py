from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from record_processor.errors import SetupError
from record_processor.host import class_archive

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Java that makes an archive of what it was told."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program = tmp_path / "java"
    program.write_text(
        '#!/bin/sh\nfor word; do case $word in -XX:SharedArchiveFile=*) echo "$@" > "${word#*=}";; esac; done\n'
    )
    program.chmod(0o755)
    return program


@pytest.fixture
def jars(tmp_path: Path) -> list[str]:
    jar = tmp_path / "jars" / "a.jar"
    jar.parent.mkdir()
    jar.write_text("one")
    return [str(jar)]


def test_an_archive_is_used_once_it_is_there(java: Path, jars: list[str]) -> None:
    assert class_archive.options(str(java), jars, "-Xmx256m") == []
    archive = class_archive.make(str(java), jars)
    used = class_archive.options(str(java), jars, "-Xmx256m")
    assert used == [f"-XX:SharedArchiveFile={archive}", *class_archive._AT_ITS_ADDRESS]


def test_a_java_that_does_not_know_how_to_keep_an_archive_at_its_address_is_not_told_to(
    java: Path, jars: list[str]
) -> None:
    java.write_text(java.read_text() + 'case "$@" in *-version*) exit 1;; esac\n')
    archive = class_archive.make(str(java), jars)
    assert class_archive.options(str(java), jars, "") == [f"-XX:SharedArchiveFile={archive}"]


def test_an_archive_of_other_jars_is_not_used_and_its_successor_replaces_it(
    java: Path, jars: list[str], tmp_path: Path
) -> None:
    first = class_archive.make(str(java), jars)
    (tmp_path / "jars" / "a.jar").write_text("another")
    assert class_archive.options(str(java), jars, "") == []
    second = class_archive.make(str(java), jars)
    assert sorted(first.parent.iterdir()) == [second, second.with_suffix(".stays")]


def test_a_jvm_that_cannot_make_one_leaves_nothing(java: Path, jars: list[str], tmp_path: Path) -> None:
    java.write_text("#!/bin/sh\necho no room; exit 3\n")
    with pytest.raises(SetupError, match="ended with status 3: no room"):
        class_archive.make(str(java), jars)
    assert list((tmp_path / "cache" / "record-processor").iterdir()) == []


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_an_archive_that_others_can_write_is_not_used(
    java: Path, jars: list[str], mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    archive = class_archive.make(str(java), jars)
    archive.chmod(mode)
    assert class_archive.options(str(java), jars, "") == []
    assert [record.__dict__["record_processor_event"] for record in caplog.records] == ["jvm.archive_ignored"]
    assert stat.S_IMODE(archive.stat().st_mode) == mode


@pytest.mark.parametrize("option", ["-Xshare:off", "-XX:SharedArchiveFile=/own.jsa", "-XX:ArchiveClassesAtExit=x"])
def test_the_users_own_options_for_archives_stand_alone(java: Path, jars: list[str], option: str) -> None:
    class_archive.make(str(java), jars)
    assert class_archive.options(str(java), jars, f"-Xmx256m {option}") == []


def test_a_umask_that_lets_the_group_write_does_not_keep_the_archive_from_being_used(
    java: Path, jars: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "cache" / "record-processor"
    folder.mkdir(parents=True)
    folder.chmod(0o775)
    archive = class_archive.make(str(java), jars)
    archive.chmod(0o444)  # as Java makes it
    assert class_archive.options(str(java), jars, "")[:1] == [f"-XX:SharedArchiveFile={archive}"]


def test_a_user_without_a_home_directory_runs_without_an_archive(
    java: Path, jars: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("pathlib.Path.home", homeless)
    assert class_archive.options(str(java), jars, "") == []
    with pytest.raises(SetupError, match="set XDG_CACHE_HOME"):
        class_archive.make(str(java), jars)


def homeless() -> Path:
    raise RuntimeError("Could not determine home directory.")
