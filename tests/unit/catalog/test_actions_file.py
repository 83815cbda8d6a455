from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from record_processor.catalog import registry, schema
from record_processor.catalog.actions_file import read_actions
from record_processor.catalog.build import build_actions
from record_processor.errors import InvalidConfigError

ROOT = Path(__file__).parents[3]


def mistakes(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "actions.yaml"
    path.write_text(text)
    with pytest.raises(InvalidConfigError) as found:
        read_actions(path)
    return [str(mistake).replace(f"{tmp_path}/", "") for mistake in found.value.mistakes]


def test_a_right_file_becomes_actions_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text("actions:\n- {name: show, type: log}\n- {name: audit, type: file, path: a.jsonl}\n")
    actions = build_actions(read_actions(path))
    assert [(action.settings.name, type(action).__name__) for action in actions] == [
        ("show", "LogAction"),
        ("audit", "FileAction"),
    ]


def test_every_mistake_is_answered_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = """\
actions:
  - name: one
    type: file
    pth: x
  - name: one
    type: pyton
  - name: "two words"
    type: log
    images: 3
    level: loud
  - name: three
    type: python
    handler: nowhere
"""
    assert mistakes(tmp_path, text) == [
        "actions.yaml:4: actions[0].pth: unknown key 'pth'; did you mean 'path'?",
        "actions.yaml:5: actions[1].name: the name 'one' is taken by actions[0]; names are unique",
        "actions.yaml:6: actions[1].type: unknown type 'pyton'; did you mean 'python'?",
        "actions.yaml:7: actions[2].name: expected 1 to 64 letters, digits, dots, underscores or dashes, "
        "found 'two words'",
        "actions.yaml:9: actions[2].images: expected `bool`, found 3",
        "actions.yaml:10: actions[2].level: expected one of debug, info, warning, found 'loud'",
        "actions.yaml:13: actions[3].handler: expected package.module:function, found 'nowhere'",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "actions.yaml:1: expected a mapping with the key 'actions', found nothing"),
        ("- a", "actions.yaml:1: expected a mapping with the key 'actions', found a list"),
        ("actions: []", "actions.yaml:1: actions: expected a list with at least one action, found a list"),
        ("actions: {name: x}", "actions.yaml:1: actions: expected a list with at least one action, found a mapping"),
        ("acts: []", "actions.yaml:1: acts: unknown key 'acts'; did you mean 'actions'?"),
        ("actions: [show]", "actions.yaml:1: actions[0]: expected a mapping, found 'show'"),
        ("actions: [{name: a}]", "actions.yaml:1: actions[0].type: expected one of command, dynamodb, "),
        ("actions: [{type: log}]", "actions.yaml:1: actions[0]: needs the key 'name'"),
        ('actions: [{type: log, name: "a\\n"}]', "actions.yaml:1: actions[0].name: expected 1 to 64 letters, digits"),
        ("actions:\n- {name: a,\n", "actions.yaml:3: is not valid YAML"),
        (
            "actions:\n- template: {id: {{keys.id}}}",
            "actions.yaml:2: is not valid YAML: expected text as a key, found a ma",
        ),
        ("actions:\n- ? [a]\n  : b", "actions.yaml:2: is not valid YAML: expected text as a key, found a list"),
        ("actions:\n- !!timestamp nothing", "actions.yaml:2: actions[0]: 'nothing' is a timestamp to YAML"),
        ("actions:\n- !!int nothing", "actions.yaml:2: actions[0]: 'nothing' is an int to YAML"),
        ("actions:\n- !!bool nothing", "actions.yaml:2: actions[0]: 'nothing' is a bool to YAML"),
        (
            "x0: &x0 [1]\n" + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 9)),
            "actions.yaml:1: is not valid YAML: more than 20,000 values; anchors (&) may multiply them",
        ),
        ("a:\n" + "[" * 500, "actions.yaml:2: is not valid YAML: nested more than 100 deep, or an anchor (&) that"),
        ("\na: &a [*a]", "actions.yaml:2: is not valid YAML: nested more than 100 deep, or an anchor (&) that"),
        ("actions: !!python/object:os.system [x]", "actions.yaml:1: is not valid YAML"),
        ("actions:\n- name: a\n  type: log\n  name: b", "actions.yaml:4: actions[0].name: the key appears twice"),
    ],
)
def test_a_wrong_file_is_answered_in_one_line(tmp_path: Path, text: str, expected: str) -> None:
    assert mistakes(tmp_path, text)[0].startswith(expected)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError, match=r"absent.yaml: cannot be read: No such file"):
        read_actions(tmp_path / "absent.yaml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "actions.yaml").write_bytes(b"actions: \xff")
    with pytest.raises(InvalidConfigError, match=r"is not UTF-8 text \(byte 9\)"):
        read_actions(tmp_path / "actions.yaml")


def test_the_schema_that_ships_is_the_one_of_the_types() -> None:
    shipped = ROOT / "src/record_processor/catalog/actions.schema.json"
    assert shipped.read_text() == schema.text(registry.built_in()) + "\n", (
        "run: record-processor schema > actions.schema.json"
    )


@pytest.mark.parametrize(
    ("action", "valid"),
    [
        ({"name": "a", "type": "log"}, True),
        ({"name": "a", "type": "log", "level": "loud"}, False),
        ({"name": "a", "type": "file"}, False),
        ({"name": "a", "type": "file", "path": "x", "other": 1}, False),
        ({"name": "a", "type": "nothing"}, False),
        ({"name": "a\n", "type": "log"}, False),
    ],
)
def test_the_schema_and_the_parser_agree(tmp_path: Path, action: dict[str, Any], valid: bool) -> None:
    document = {"actions": [action]}
    assert jsonschema.Draft202012Validator(schema.schema(registry.built_in())).is_valid(document) == valid
    path = tmp_path / "actions.yaml"
    path.write_text(yaml.safe_dump(document))
    if valid:
        assert read_actions(path)
    else:
        assert mistakes(tmp_path, path.read_text())


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("type: python, handlr: 'a:b', handler: 'a:b'", "'handlr' was unexpected"),
        ("type: log, batch: {sise: 3}", "'sise' was unexpected"),
        ("type: log, dead_letter: {type: file, path: x, bucket: y}", "'bucket' was unexpected"),
        ("type: log, dead_letter: {type: fil}", "'fil' is not one of"),
        ("type: pyton", "'pyton' is not one of"),
        ("type: log, level: loud", "'loud' is not one of"),
        ("type: python", "'handler' is a required property"),
        ("type: log, concurrency: many", "'many' is not of type 'integer'"),
    ],
)
def test_a_mistake_is_said_by_the_schema_with_the_key_or_the_value(action: str, says: str) -> None:
    document = yaml.safe_load(f"actions: [{{name: a, {action}}}]")
    errors = jsonschema.Draft202012Validator(schema.schema(registry.built_in())).iter_errors(document)
    assert says in " ".join(error.message for error in errors)


def test_what_the_check_takes_is_valid_with_references_in_place_of_any_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "NAME": "a",
        "KIND": "webhook",
        "MANY": "7",
        "YES": "true",
        "TIME": "5s",
        "SIZE": "1MB",
        "URL": "http://x",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    text = """\
actions:
- name: ${NAME}
  type: webhook
  url: ${URL}
  timeout: ${TIME}
  format: ${NOWHERE:plain}
  concurrency: ${MANY}
  batch: {size: "${MANY}", bytes: "${SIZE}", window: "${TIME}"}
  bisect_on_error: ${YES}
  retry: {max_attempts: "${MANY}", max_age: "${TIME}"}
  headers: {x: "${NAME}"}
  dead_letter: {type: sqs, queue_url: "${URL}", aws: {endpoint: "${URL}", timeout: "${TIME}"}}
- {name: b, type: "${KIND}", url: "${URL}", concurrency: "3", bisect_on_error: "false", batch: {size: "2", bytes: 9}}
"""
    path = tmp_path / "actions.yaml"
    path.write_text(text)
    assert len(read_actions(path)) == 2
    jsonschema.Draft202012Validator(schema.schema(registry.built_in())).validate(yaml.safe_load(text))


def test_the_example_of_every_action_is_valid_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNER_SECRET", "s")
    monkeypatch.setenv("PARTNER_TOKEN", "t")
    examples = [registry.find(name).example.replace("shop.orders:handle", "json:loads") for name in registry.built_in()]
    names = [f"- name: example-{index}\n" + one.split("\n", 1)[1] for index, one in enumerate(examples)]
    path = tmp_path / "actions.yaml"
    path.write_text("actions:\n" + "".join(names))
    assert len(read_actions(path)) == len(registry.built_in())
    document = yaml.safe_load(path.read_text())
    jsonschema.Draft202012Validator(schema.schema(registry.built_in())).validate(document)


def test_the_example_that_ships_is_right() -> None:
    assert read_actions(ROOT / "properties/actions.yaml")


def test_a_child_does_not_import_what_only_the_check_needs() -> None:
    """Start-up time and memory of a child are paid once for each shard."""
    program = (
        "import sys, record_processor.catalog.build, record_processor.shard.record_processor, "
        "record_processor.shard.multilang; print([m for m in ('yaml', 'boto3', 'click', 'javaproperties', 'httpx', "
        "'record_processor.actions.file') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_what_a_handler_prints_on_import_does_not_get_into_the_answer(tmp_path: Path) -> None:
    (tmp_path / "noisy.py").write_text("import os\nprint('hello')\nos.system('echo there')\ndef handle(e, c): ...\n")
    (tmp_path / "actions.yaml").write_text("actions: [{name: a, type: python, handler: 'noisy:handle'}]")
    command = [sys.executable, "-m", "record_processor.catalog", "actions.yaml"]
    held, ours = os.pipe()  # it ends with its standard input
    try:
        answer = subprocess.run(command, cwd=tmp_path, stdin=held, capture_output=True, text=True, check=True)
    finally:
        os.close(held)
        os.close(ours)
    expected = [{"name": "a", "type": "python", "handler": "noisy:handle"}]
    nothing: dict[str, Any] = {
        "needs": None,
        "secrets": [],
        "tables": [],
        "exposed": [],
        "warnings": [],
        "mistakes": [],
    }
    assert json.loads(answer.stdout) == {"actions": expected, **nothing}
    assert "hello" in answer.stderr
    assert "there" in answer.stderr
