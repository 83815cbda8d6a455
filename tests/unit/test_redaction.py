from __future__ import annotations

import json

import pytest

from record_processor import redaction


@pytest.fixture(autouse=True)
def forgotten_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_values", set())
    monkeypatch.setattr(redaction, "_pattern", None)


@pytest.mark.parametrize(
    "shown",
    [
        'pa$$ "word"\n',
        repr('pa$$ "word"\n'),
        json.dumps('pa$$ "word"\n'),
        "https://x/?p=pa%24%24%20%22word%22%0A",
        "https://x/?p=pa%24%24+%22word%22%0A",
    ],
)
def test_a_value_is_masked_however_it_is_quoted(shown: str) -> None:
    redaction.remember(['pa$$ "word"\n'])
    assert "word" not in redaction.redacted(f"it was {shown}!")


def test_each_line_of_a_key_is_masked() -> None:
    redaction.remember(["-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----"])
    assert redaction.redacted("bad line: MIIEvQIBADANBgkq") == "bad line: ***"


def test_a_short_value_is_masked_as_a_word_only() -> None:
    redaction.remember(["abc"])
    assert redaction.redacted("abc and abcdef") == "*** and abcdef"


def test_log_lines_are_masked_at_every_depth_but_for_what_is_ours() -> None:
    redaction.remember(["started"])
    line = {"event": "worker.started", "level": "info", "message": "started", "fields": {"a": ["started", 1]}}
    assert redaction.redacted_line(line) == {
        "event": "worker.started",
        "level": "info",
        "message": "***",
        "fields": {"a": ["***", 1]},
    }


def test_nothing_remembered_changes_nothing() -> None:
    redaction.remember(["", "  "])
    assert redaction.redacted("as it is") == "as it is"
    assert redaction.remembered() == []
