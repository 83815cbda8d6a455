"""What the demo shows is readable on any terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.local.demo_screen import DemoScreen

if TYPE_CHECKING:
    import pytest

_COLOR = "\x1b[1;36m"


def _shown(capsys: pytest.CaptureFixture[str]) -> str:
    screen = DemoScreen()
    with screen.step("waiting for something"):
        screen.line("x" * 200)
    screen.lines("y" * 200)
    return capsys.readouterr().out


def test_there_are_colors_on_a_terminal_and_none_under_no_color(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert _COLOR in _shown(capsys)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "36m" not in _shown(capsys)


def test_no_line_is_longer_than_100_columns_and_nothing_of_a_text_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    shown = _shown(capsys)
    assert max(len(line) for line in shown.splitlines()) <= 100
    assert shown.count("y") == 200
    assert "\x1b" not in shown
