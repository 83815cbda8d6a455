from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from record_processor.errors import SetupError
from record_processor.local import environment
from record_processor.local.server_program.database_server.sequence_numbers import SequenceNumbers
from record_processor.system.cache import cache, made_once

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str) -> None:
    (folder / "file").write_text(text)


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "below" / "made"
    for text in ("first", "second"):
        made_once(folder, lambda unfinished, text=text: write(unfinished, text))  # type: ignore[misc]
    assert (folder / "file").read_text() == "first"
    assert [path.name for path in folder.parent.iterdir()] == ["made"]


def test_a_folder_that_could_not_be_filled_is_not_there(tmp_path: Path) -> None:
    def fail(unfinished: Path) -> None:
        write(unfinished, "half")
        raise SetupError("no more")

    with pytest.raises(SetupError, match="no more"):
        made_once(tmp_path / "made", fail)
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_make_it_at_once_the_first_wins(tmp_path: Path) -> None:
    def overtaken(unfinished: Path) -> None:
        write(unfinished, "second")
        made_once(tmp_path / "made", lambda first: write(first, "first"))

    made_once(tmp_path / "made", overtaken)
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    assert (tmp_path / "made" / "file").read_text() == "first"


def pretend(folder: Path, *_: object) -> None:
    (folder / "bin").mkdir()
    (folder / "bin" / "python").touch()


def test_an_environment_whose_python_is_gone_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(environment, "_fill", pretend)
    interpreter = environment.python()
    interpreter.unlink()
    interpreter.symlink_to(tmp_path / "removed" / "python3")
    assert environment.python() == interpreter
    assert interpreter.is_file()


def test_a_failure_of_pip_says_what_it_needs_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # An index that has nothing.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SetupError, match="needs the package index"):
        environment.python()
    assert list(cache().iterdir()) == []


def test_sequence_numbers_grow_even_where_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([2_000_000, 2_000_000, 1_000_000, 3_000_000])
    monkeypatch.setattr(
        "record_processor.local.server_program.database_server.sequence_numbers.time.time_ns", lambda: next(moments)
    )
    numbers = SequenceNumbers()
    made = [numbers.next() for _ in range(4)]
    assert made == sorted(set(made))
    assert {len(number) for number in made} == {21}
