"""What `check --online` says of this machine, and how its lines are made."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from record_processor.errors import SetupError
from record_processor.system import private_files
from record_processor.tools.online import machine
from record_processor.tools.online.finding import Finding, divided, of_setup_error

if TYPE_CHECKING:
    from pathlib import Path


def found(
    shards: int, jvm_options: str = "-Xmx256m", *, uses_sdk: bool = False, forks: bool = True
) -> dict[str, Finding]:
    lines = machine.look_for_shards(shards, jvm_options, uses_sdk=uses_sdk, forks=forks)
    return {one.what: one for one in lines}


def test_a_line_has_its_remedy_at_its_end_if_there_is_one() -> None:
    assert Finding("java", "ok", "there").line() == "ok       java: there"
    assert Finding("java", "error", "none", "Install it").line() == "error    java: none → Install it"


@pytest.mark.parametrize(
    ("message", "divided_at"),
    [
        ("there is no table; are its name and region right?", ("there is no table", "Are its name and region right?")),
        ("cannot connect to http://a.b:1/. Is it running?", ("cannot connect to http://a.b:1/", "Is it running?")),
        ("AWS refused: X: Setting a. Value is wrong", ("AWS refused: X: Setting a. Value is wrong", "")),
    ],
)
def test_a_message_of_ours_is_divided_into_what_was_found_and_what_to_do(
    message: str, divided_at: tuple[str, str]
) -> None:
    assert divided(message) == divided_at


def test_an_error_of_several_lines_becomes_one() -> None:
    one = of_setup_error("java", SetupError("Java 17 or newer is needed, found none.\nInstall a JRE"))
    assert one == Finding("java", "error", "Java 17 or newer is needed, found none", "Install a JRE")


def test_too_few_file_descriptors_for_the_shards_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    assert found(10)["file descriptors"].result == "ok"
    many = found(1000)["file descriptors"]
    assert many.result == "error"
    assert "LimitNOFILE=" in many.remedy


def test_too_little_memory_for_the_shards_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_available_mb", lambda: 600)
    assert found(4)["memory"].result == "ok"
    assert found(4, jvm_options="-Xmx1g -Xmx512m")["memory"].result == "warning"
    assert found(40)["memory"].result == "warning"
    assert found(14)["memory"].result == "ok"
    assert found(14, forks=False)["memory"].result == "warning"
    assert found(20, uses_sdk=True)["memory"].result == "warning"


def test_what_is_available_is_known_on_linux() -> None:
    available = machine._available_mb()
    assert available is None or available > 0


def test_a_missing_java_is_an_error_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_java", _no_java)
    (java,) = [one for one in machine.look() if one.what == "java"]
    assert (java.result, java.remedy) == ("error", "Install a JRE")


def _no_java() -> str:
    raise SetupError("Java 17 or newer is needed, found none.\nInstall a JRE")


def test_a_run_directory_that_cannot_be_made_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_files, "places", lambda: [tmp_path / "missing"])
    (one,) = [one for one in machine.look() if one.what == "run directory"]
    assert one.result == "error"
    assert "missing" in one.found


def test_looking_leaves_no_run_directory_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_files, "places", lambda: [tmp_path])
    assert [one.result for one in machine.look() if one.what == "run directory"] == ["ok"]
    assert list(tmp_path.iterdir()) == []
