from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_processor.plugin.record_format import encoded
from record_processor.records.template import Template, TextTemplate

PLAIN: dict[str, Any] = {
    "eventID": "e1",
    "eventName": "MODIFY",
    "table": "Orders",
    "sequenceNumber": "1",
    "createdAt": "2026-11-23T06:31:24.321Z",
    "keys": {"id": "7"},
    "new": {
        "Total": Decimal("12345678901234567890.123456789012345678"),
        "Lines": [{"Name": "pen"}, {"Name": "ink"}],
        "an.odd name": True,
        "none": None,
        "Small": Decimal("1E-7"),
    },
}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("{keys.id}", "7"),
        ("{new.Total}", PLAIN["new"]["Total"]),
        ("{new.Lines[1].Name}", "ink"),
        ("{new.Lines[7].Name}", None),
        ("{new.Lines[7].Name:none}", "none"),
        ('{new["an.odd name"]}', True),
        ("{new.none}", None),
        ("{eventName} of {keys.id}", "MODIFY of 7"),
        ("{{{keys.id}}}", "{7}"),
        ("{{}}", "{}"),
        ("total {new.Total}", "total 12345678901234567890.123456789012345678"),
        ("small {new.Small}", "small 0.0000001"),
        ("lines {new.Lines}", 'lines [{"Name":"pen"},{"Name":"ink"}]'),
        ("missing {old.Total}!", "missing !"),
        ("{old.Total:a:b}", "a:b"),
        ({"id": "{keys.id}", "gone": "{old.x}", "n": 1}, {"id": "7", "n": 1}),
        (["{old.x}", "{keys.id}", None], ["7", None]),
        ({"deep": [{"new": "{new}"}]}, {"deep": [{"new": PLAIN["new"]}]}),
    ],
)
def test_places_stand_for_the_records_values(template: Any, rendered: Any) -> None:
    assert Template.from_yaml(template).render(PLAIN) == rendered


def test_numbers_keep_every_digit_in_json() -> None:
    rendered = Template({"total": "{new.Total}"}).render(PLAIN)
    assert encoded(rendered) == b'{"total":12345678901234567890.123456789012345678}'


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{keys.id", "an unmatched brace"),
        ("keys.id}", "an unmatched brace"),
        ("{key.id}", "unknown place 'key'; did you mean 'keys'?"),
        ("{table.name}", "table is text and has no fields"),
        ("{new..x}", "expected a path such as"),
        ("{}", "expected a path such as"),
        ({"id": {"keys.id": None}}, 'expected "{keys.id}" in quotes'),
        ({"deep": ["{nwe.x}"]}, "unknown place 'nwe'"),
    ],
)
def test_a_mistake_in_a_template_is_said_before_anything_starts(template: Any, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        Template.from_yaml(template)


def test_a_text_template_must_be_a_text() -> None:
    with pytest.raises(ValueError, match="expected a text such as"):
        TextTemplate.from_yaml(7)
    assert TextTemplate("{new.Total:0}").text({**PLAIN, "new": {}}) == "0"
    assert TextTemplate("{old.x}").text(PLAIN) == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_a_template_without_places_is_what_it_says(value: Any) -> None:
    def doubled(node: Any) -> Any:
        if isinstance(node, str):
            return node.replace("{", "{{").replace("}", "}}")
        if isinstance(node, list):
            return [doubled(one) for one in node]
        if isinstance(node, dict):
            return {key: doubled(one) for key, one in node.items()}
        return node

    source = doubled(value)
    try:
        template = Template(source)
    except ValueError as error:
        assert "in quotes" in str(error)  # {keys: null} looks like a place that lost its quotes
        return
    assert template.render(PLAIN) == value


@given(st.text(alphabet='{}keys.id:[]"0 ', max_size=20))
def test_any_text_is_a_template_or_a_mistake_and_never_a_crash(text: str) -> None:
    try:
        Template(text).render(PLAIN)
    except ValueError as error:
        assert str(error)
