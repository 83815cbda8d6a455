"""Words that YAML 1.1 reads as something else: the error says what to quote, and on which line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from record_processor.catalog.actions_file import read_actions
from record_processor.errors import InvalidConfigError

if TYPE_CHECKING:
    from pathlib import Path


def mistakes(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "actions.yaml"
    path.write_text(text)
    try:
        read_actions(path)
    except InvalidConfigError as refused:
        return [str(mistake).replace(f"{tmp_path}/", "") for mistake in refused.mistakes]
    return []


WEBHOOK = "actions:\n- {name: a, type: webhook, url: 'http://x'}\n- name: b\n  type: webhook\n  url: http://x\n"


@pytest.mark.parametrize(
    ("line", "place", "says"),
    [
        ("  headers: {NO: x}", "headers.NO", 'YAML reads NO as false; for the text write "NO", in quotes'),
        ("  headers: {on: x}", "headers.on", "YAML reads on as true"),
        ("  headers: {1.10: x}", "headers.1.10", "YAML reads 1.10 as 1.1"),
        ("  headers: {0123: x}", "headers.0123", "YAML reads 0123 as 83"),
        ("  template: {12:30: x}", "template.12:30", "YAML reads 12:30 as 750"),
        ("  headers: {2026-11-25: x}", "headers.2026-11-25", "YAML reads 2026-11-25 as a date"),
        ("  headers: {x: yes}", "headers.x", 'found true; YAML reads yes as true; for the text write "yes", in quotes'),
        ("  headers: {x: 7}", "headers.x", 'found 7; without quotes 7 is not text to YAML; write "7"'),
        ("  headers: {x: 12:30}", "headers.x", "YAML reads 12:30 as 750"),
        ("  headers: {x: 2026-99-99}", "headers.x", "'2026-99-99' is a timestamp to YAML, and as such not valid"),
        ("  template: {2026-99-99: x}", "template.2026-99-99", "if it is text, write quotes"),
        (f"  secret: {'9' * 5000}", "secret", "is a number of 5,000 characters to YAML"),
        ("  secret: 1_000", "secret", "YAML reads 1_000 as 1000"),
        ("  secret: ~", None, ""),
        ("  concurrency: 0123", "concurrency", "YAML reads 0123 as 83"),
        ("  concurrency: 1:30", "concurrency", "YAML reads 1:30 as 90"),
        ("  filter: {eventName: [NO]}", "filter.eventName[0]", "false can never match: eventName holds"),
        ("  filter: {dynamodb: {Keys: {id: {S: [NO]}}}}", "filter.dynamodb.Keys.id.S[0]", 'for the text write "NO"'),
        ("  filter: {dynamodb: {Keys: {id: {S: [{prefix: 1.10}]}}}}", "S[0].prefix", 'for the text write "1.10"'),
        ("  filter: {dynamodb: {Keys: {on: {S: [x]}}}}", "filter.dynamodb.Keys.on", 'for the text write "on"'),
        ("  filter: {dynamodb: {Keys: {id: {S: [{anything-but: [off]}]}}}}", "anything-but[0]", 'write "off"'),
        ("  filter: {dynamodb: {Keys: {id: {N: [1.10, 2, '3']}}}}", None, ""),
        ("  filter: {dynamodb: {NewImage: {a: {BOOL: [true, no]}}}}", None, ""),
        (
            "  template: {answer: NO}",
            "template.answer",
            'for the text write "NO", in quotes; for the value write false',
        ),
        ("  template: {list: [1, 1.10]}", "template.list[1]", "for the value write 1.1"),
        ("  template: {a: true, b: 1.5, c: null, d: ~, 7: x, e: -3}", None, ""),
    ],
)
def test_what_yaml_reads_as_something_else_is_said_with_its_line(
    tmp_path: Path, line: str, place: str | None, says: str
) -> None:
    found = mistakes(tmp_path, f"{WEBHOOK}{line}\n")
    if place is None:
        assert found == []
        return
    assert len(found) == 1, found
    assert found[0].startswith("actions.yaml:6: actions[1].")
    assert f"{place}: " in found[0]
    assert says in found[0]


def test_names_too(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "actions:\n- name: NO\n  type: log\n- name: 1.10\n  type: log") == [
        'actions.yaml:2: actions[0].name: expected 1 to 64 letters, digits, dots, underscores or dashes, found false; '
        'YAML reads NO as false; for the text write "NO", in quotes',
        'actions.yaml:4: actions[1].name: expected 1 to 64 letters, digits, dots, underscores or dashes, found 1.1; '
        'YAML reads 1.10 as 1.1; for the text write "1.10", in quotes',
    ]  # fmt: skip


def test_where_a_truth_or_a_number_is_wanted_quotes_are_no_remedy(tmp_path: Path) -> None:
    text = "actions:\n- name: a\n  type: log\n  images: 3\n  batch: {size: yes}\n"
    assert mistakes(tmp_path, text) == [
        "actions.yaml:4: actions[0].images: expected `bool`, found 3",
        "actions.yaml:5: actions[0].batch.size: expected a whole number from 1 to 10000, found true",
    ]


def test_every_mistake_of_a_template_and_of_a_filter_is_said_at_once(tmp_path: Path) -> None:
    text = """\
actions:
- name: two words
  type: webhook
  url: http://x
  template:
    a: "{key.id} and {nwe.x}"
    b: ["{table.x}", "{"]
  filter:
    eventname: [INSERT]
    dynamodb:
      NewImage:
        id:
          S: [1]
"""
    assert [tuple(mistake.split(": ")[:2]) for mistake in mistakes(tmp_path, text)] == [
        ("actions.yaml:2", "actions[0].name"),
        ("actions.yaml:6", "actions[0].template.a"),
        ("actions.yaml:6", "actions[0].template.a"),
        ("actions.yaml:7", "actions[0].template.b[0]"),
        ("actions.yaml:7", "actions[0].template.b[1]"),
        ("actions.yaml:9", "actions[0].filter.eventname"),
        ("actions.yaml:13", "actions[0].filter.dynamodb.NewImage.id.S[0]"),
    ]


DECIMAL, HEXADECIMAL, SIXTIES = "9" * 5000, "0x" + "f" * 5000, "1" + ":01" * 4000


@pytest.mark.parametrize("number", [DECIMAL, HEXADECIMAL, SIXTIES])
@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("  filter: {{eventName: [{}]}}", "filter.eventName[0]"),
        ("  filter: {{eventName: [{{numeric: ['>', {}]}}]}}", "filter.eventName[0].numeric[1]"),
        ("  template: {{x: {}}}", "template.x"),
        ("  batch: {{size: {}}}", "batch.size"),
        ("  batch: {{bytes: {}}}", "batch.bytes"),
        ("  url: {}", "url"),
    ],
)
def test_a_number_of_thousands_of_digits_is_refused_where_it_stands(
    tmp_path: Path, number: str, line: str, place: str
) -> None:
    found = mistakes(
        tmp_path,
        f"actions:\n- name: b\n  type: webhook\n  url: http://x\n{line.format(number)}\n".replace(
            "  url: http://x\n  url", "  url"
        ),
    )
    assert f"actions.yaml:{4 if place == 'url' else 5}: actions[0].{place}: " in found[0]
    assert f"is a number of {len(number):,} characters to YAML, where 400 are the most" in found[0]
    assert max(map(len, found)) < 400


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("  template: '{new.L[" + DECIMAL + "]}'", "template: no list has a place [999999…] of 5,000 digits"),
        (f"  batch: {{bytes: '{DECIMAL}KB'}}", "batch.bytes: expected a size of at most 15 digits"),
        (f"  batch: {{size: '{DECIMAL}'}}", "batch.size: expected a whole number from 1 to 10000, found '999"),
    ],
)
def test_a_text_of_thousands_of_digits_is_refused_where_a_number_is_meant(tmp_path: Path, line: str, says: str) -> None:
    (found,) = mistakes(tmp_path, f"actions:\n- name: b\n  type: webhook\n  url: http://x\n{line}\n")
    assert f"actions.yaml:5: actions[0].{says}" in found
    assert len(found) < 400
