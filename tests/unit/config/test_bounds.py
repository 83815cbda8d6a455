"""A configuration file of any shape is answered with a line, in little time and memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from record_processor.catalog.actions_file import read_actions
from record_processor.config import bounded_file
from record_processor.config.properties import read_properties
from record_processor.config.references import UnknownValue, filled_in
from record_processor.config.units import ByteSize, Duration
from record_processor.errors import InvalidConfigError

if TYPE_CHECKING:
    from pathlib import Path

LOG = "actions:\n- name: a\n  type: log\n  concurrency: "
TEXT = 'actions:\n- name: a\n  type: file\n  path: x\n  template: {a: "%s"}'
NINES = "9" * 5000

SHAPES = {
    "5,000 digits": (LOG + NINES, ":4: actions[0].concurrency: '9999"),
    "hexadecimal digits": (LOG + "0x" + "f" * 50_000, ":4: actions[0].concurrency: '0xfff"),
    "sixties": (LOG + "1" + ":59" * 3000, ":4: actions[0].concurrency: '1:59"),
    "digits with a tag": (LOG + f'!!int "{NINES}"', ":4: actions[0].concurrency: '9999"),
    "an empty number": (LOG + '!!int ""', ":4: actions[0].concurrency: '' is an int to YAML"),
    "a size": (
        f"actions:\n- name: a\n  type: log\n  batch: {{bytes: {NINES}KB}}",
        ":4: actions[0].batch.bytes: expected",
    ),
    "brackets": ("a:\n" + "[" * 100_000, ":2: is not valid YAML: nested more than 100 deep"),
    "braces": ("a:\n" + "{a: " * 50_000, ":2: is not valid YAML: nested more than 100 deep"),
    "dashes": ("a:\n" + "- " * 50_000, ":2: is not valid YAML: nested more than 100 deep"),
    "anchors in keys": (
        f"? &k0 [{'x, ' * 9}]\n: 1\n" + "".join(f"? &k{n} [{f'*k{n - 1}, ' * 9}]\n: 1\n" for n in range(1, 9)),
        ":1: is not valid YAML: expected text as a key, found a list",
    ),
    "a mapping as a key": ("a: 1\n{b: 1}: 1", ":2: is not valid YAML: expected text as a key, found a mapping"),
    "an anchor without an end": ("a:\n  *" + "z" * 900_000, ":2: is not valid YAML: found undefined alias 'zzz"),
    "itself": ("\na: &a [*a]", ":2: is not valid YAML: nested more than 100 deep, or an anchor"),
    "one text a thousand times": (f"a: &a '{'é' * 200_000}'\nb: [{'*a, ' * 1000}]", "more than 4,194,304 characters"),
    "many values": (f"a: [{'1,' * 200_000}]", ":1: is not valid YAML: more than 20,000 values"),
    "many actions": (
        "actions:\n- &a {name: a, type: log}\n" + "- *a\n" * 3500,
        ":1: actions: expected at most 500 actions",
    ),
    "many keys": (LOG + "1\n" + "".join(f"  k{n}: 1\n" for n in range(5000)), ":5: actions[0].k0: unknown key 'k0'"),
    "half a character": (TEXT % "\\ud800", ":5: actions[0].template.a: has half of a surrogate pair"),
    "half a character in a key": ('actions:\n- "\\udfff": 1', ":2: actions[0].\\udfff: has half of a surrogate pair"),
    "no character": (TEXT % "\\UFFFFFFFF", ":5: is not valid YAML: an escape that begins with \\U"),
    "a NUL": ("actions:\n- \0", ":2: is not valid YAML: the character '\\x00' is not allowed"),
    "a set": ("actions:\n- !!set {a, b}", ":2: is not valid YAML: the tag !!set has no meaning here"),
    "code": (
        "a: !!python/object/apply:os.system [id]",
        ":1: is not valid YAML: the tag !!python/object/apply:os.system",
    ),
}


@pytest.mark.parametrize(("text", "expected"), SHAPES.values(), ids=SHAPES)
def test_yaml_of_any_shape_is_answered_with_a_line_and_soon(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text(text)
    begun = time.process_time()
    with pytest.raises(InvalidConfigError) as refused:
        read_actions(path)
    assert expected in str(refused.value.mistakes[0])
    assert len(str(refused.value)) < 100_000
    # A second on an idle machine; without a bound these take minutes, or end the process.
    assert time.process_time() - begun < 5


def test_the_two_halves_of_a_character_that_json_writes_are_one_character(tmp_path: Path) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text(TEXT % "\\ud83d\\ude00")
    assert read_actions(path)[0]["template"] == {"a": "\N{GRINNING FACE}"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            f"failoverTimeMillis = {NINES}",
            ":3: failoverTimeMillis: expected a whole number of at least 1000, found '999",
        ),
        ("failoverTimeMillis = 99999999999", ":3: failoverTimeMillis: expected a whole number from 1000 to 2147483647"),
        (f"maxThroughputPerHostKBps = {NINES}", ":3: maxThroughputPerHostKBps: expected a number, found '999"),
        ("maxThroughputPerHostKBps = nan", ":3: maxThroughputPerHostKBps: expected a number"),
        ("tableName = a\\u0000b", ":3: tableName: expected text, found a NUL"),
        ("tableName = \\ud800", ":3: tableName: expected text, found a NUL or half"),
        (f"{NINES} = 1", ":3: unknown key '999"),
        ("x = " + "y" * bounded_file.LARGEST_BYTES, "is larger than 1,048,576 bytes"),
    ],
)
def test_a_property_of_any_shape_is_answered_shortly(tmp_path: Path, line: str, expected: str) -> None:
    path = tmp_path / "worker.properties"
    path.write_text(f"applicationName = app\nstreamName = Orders\n{line}\n")
    with pytest.raises(InvalidConfigError) as refused:
        read_properties(path, [], {})
    assert expected in str(refused.value)
    assert len(str(refused.value)) < 500


def test_a_reference_to_an_endless_file_ends() -> None:
    with pytest.raises(UnknownValue, match="is larger than 1,048,576 bytes"):
        filled_in("${file:/dev/zero}")


def test_a_value_of_the_environment_that_is_no_text_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODD", "hunter2\udcff")
    with pytest.raises(UnknownValue, match="ODD is not UTF-8 text") as refused:
        filled_in("${ODD}")
    assert "hunter2" not in str(refused.value)


def test_no_time_is_longer_than_can_be_waited_and_no_size_of_thousands_of_digits() -> None:
    assert float(Duration.from_yaml("3650d")) == 3650 * 86400
    for kind, text in ((Duration, "3651d"), (Duration, f"{NINES}s"), (ByteSize, f"{NINES}GB")):
        with pytest.raises(ValueError, match="expected a"):
            kind.from_yaml(text)
