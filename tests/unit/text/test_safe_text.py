"""Whatever text arrives, it stays in its place; and text that fits stays as it is."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_processor.text.safe_text import identifier, message_text, one_line, path_segment, printable, printable_lines

# Any text, lone surrogates included, and more often what is known to lead astray.
nasty = st.sampled_from(
    [
        "..",
        ".",
        "",
        "/",
        "../../etc/passwd",
        "\0",
        "a\0b",
        "\r\n",
        "\x1b[2J",
        "\x9b31m",
        "\u202e",
        "\ud800",
        "~",
        "%2E%2E",
    ]
)
texts = st.one_of(nasty, st.text(st.characters(), max_size=40), st.lists(nasty).map("".join), st.text(min_size=300))


@given(texts)
def test_a_printed_line_is_one_line_that_any_terminal_and_encoding_takes(text: str) -> None:
    line = printable(text)
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(letter) == "Cc" for letter in line.replace("\t", ""))
    line.encode()


@given(texts)
def test_a_text_of_lines_keeps_its_line_breaks_and_nothing_else(text: str) -> None:
    assert printable_lines(text).split("\n") == [printable(line) for line in text.split("\n")]


@given(st.text(st.characters()))
def test_what_is_escaped_in_json_is_still_the_same_json(text: str) -> None:
    assert json.loads(printable(json.dumps(text, ensure_ascii=False))) == text


@given(texts)
def test_a_heading_is_one_short_line(text: str) -> None:
    heading = one_line(text, 100)
    assert len(heading) <= 100
    assert re.fullmatch(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*", heading)
    assert heading == heading.strip()


@given(texts)
def test_a_messages_attribute_has_no_character_that_the_service_refuses(text: str) -> None:
    assert re.fullmatch("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*", message_text(text))
    assert len(message_text(text)) == len(text)


@given(texts, texts)
def test_an_identifier_is_ascii_of_a_bounded_length_and_tells_texts_apart(one: str, other: str) -> None:
    assert re.fullmatch(r"[!-~]{1,128}", identifier(one))
    assert (identifier(one) == identifier(other)) == (one == other)


@given(texts, texts)
def test_a_segment_of_a_path_stays_below_its_folder_and_tells_texts_apart(one: str, other: str) -> None:
    segment = path_segment(one)
    assert PurePosixPath("folder", segment).parts == ("folder", segment)
    assert segment not in ("", ".", "..")
    assert len(segment.encode()) <= 200
    assert "\0" not in segment
    assert (segment == path_segment(other)) == (one == other)


@pytest.mark.parametrize("text", ["Orders", "shardId-00000001761234567890-a1b2c3d4", "my.table_1", "1" * 200])
def test_names_of_tables_and_shards_stay_as_they_are(text: str) -> None:
    assert path_segment(text) == text == identifier(text) if len(text) <= 128 else path_segment(text) == text
    assert printable(text) == text
