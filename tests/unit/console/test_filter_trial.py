"""A filter in the page means what it means in actions.yaml, and what is wrong with it is said."""

from __future__ import annotations

import pytest

from record_processor.console.filter_trial import compiled
from record_processor.errors import RecordProcessorError
from record_processor.records.change_record import decode
from tests.builders import STREAM, adapter_json

import json  # isort: skip

RECORD = decode(json.dumps(adapter_json()).encode(), STREAM, "1")


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("eventName: [INSERT]", True),
        ('{"eventName": ["REMOVE"]}', False),
        ("filter:\n  dynamodb:\n    NewImage:\n      Size: {N: [{numeric: ['>', 10]}]}", True),
        ("- eventName: [REMOVE]\n- eventName: [INSERT]", True),
    ],
)
def test_yaml_and_json_with_and_without_its_key(text: str, matches: bool) -> None:
    pattern = compiled(text)
    assert pattern is not None
    assert pattern.accepts(RECORD) is matches


@pytest.mark.parametrize("text", ["", "  \n"])
def test_no_text_is_no_filter(text: str) -> None:
    assert compiled(text) is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("eventName: [INSERT", "filter:"),
        ("eventName: INSERT", "eventName"),
        ("just words", "mapping"),
        ("a: !!python/object/apply:os.system [ls]", "filter:1"),
        ("a: [" * 200, "filter:1"),
        ("x" * 8001, "8000 characters"),
        ("a: &a [x, x]\nb: [*a, *a]", ""),
        ("date: 2026-11-27", "date"),
        ("null", "mapping"),
        ("filter: null", "mapping"),
    ],
)
def test_what_is_none_is_said_with_its_place(text: str, part: str) -> None:
    with pytest.raises(RecordProcessorError) as caught:
        compiled(text)
    assert part in str(caught.value)
