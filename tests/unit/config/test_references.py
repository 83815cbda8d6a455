"""`${…}` in both configuration files, and that what it stands for stays hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from record_processor.catalog.actions_file import read_actions
from record_processor.config.properties import read_properties
from record_processor.config.references import UnknownValue, filled_in
from record_processor.errors import InvalidConfigError
from record_processor.text import redaction
from tests.harness import run_command

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE", "orders-queue")
    monkeypatch.setenv("SIZE", "25")
    monkeypatch.delenv("NOWHERE", raising=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${QUEUE}", "orders-queue"),
        ("a-${QUEUE}-${SIZE}", "a-orders-queue-25"),
        ("${NOWHERE:here}", "here"),
        ("${NOWHERE:}", ""),
        ("${NOWHERE:a:b}", "a:b"),
        ("${QUEUE:here}", "orders-queue"),
        ("$${QUEUE}", "${QUEUE}"),
        ("{keys.id} costs $5", "{keys.id} costs $5"),
    ],
)
def test_references_are_filled_in(text: str, value: str) -> None:
    assert filled_in(text) == value


def test_a_file_gives_its_text_without_the_last_line_break(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cr3t-value\n")
    assert filled_in(f"Bearer ${{file:{tmp_path}/secret}}") == "Bearer s3cr3t-value"
    assert "s3cr3t-value" in redaction.remembered()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("${NOWHERE}", "the environment variable NOWHERE is not set; set it, or give a default: ${NOWHERE:default}"),
        ("${file:/no/such/file}", "${file:/no/such/file} cannot be read: No such file or directory"),
        ("${QUEUE", "'${QUEUE' is not closed"),
        ("${a b}", "expected ${NAME}, ${NAME:default} or ${file:/path}, found ${a b}"),
    ],
)
def test_what_leads_nowhere_is_said_with_what_to_do(text: str, says: str) -> None:
    with pytest.raises(UnknownValue) as refused:
        filled_in(text)
    assert says in str(refused.value)


def test_numbers_and_truths_may_come_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text("actions: [{name: a, type: log, batch: {size: '${SIZE}'}, images: '${NOWHERE:false}'}]")
    (item,) = read_actions(path)
    assert item["batch"]["size"] == "25"


def test_a_mistake_in_a_secret_value_does_not_show_it(tmp_path: Path) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text(
        "actions:\n- name: a\n  type: sqs\n  queue_url: ${QUEUE}\n- {name: b, type: log, level: '${NOWHERE}'}\n"
    )
    with pytest.raises(InvalidConfigError) as refused:
        read_actions(path)
    said = str(refused.value)
    assert "orders-queue" not in said
    assert "actions.yaml:4: actions[0].queue_url: expected a queue's address" in said
    assert "actions.yaml:5: actions[1].level: the environment variable NOWHERE is not set" in said


def test_properties_take_them_too(tmp_path: Path) -> None:
    path = tmp_path / "w.properties"
    path.write_text("applicationName = ${QUEUE}\nstreamName = ${NOWHERE:Orders}\nactionsFile = actions.yaml\n")
    configuration = read_properties(path, [], {})
    assert (configuration.application_name, configuration.stream_names) == ("orders-queue", ("Orders",))
    path.write_text("applicationName = a\nstreamName = ${NOWHERE}\n")
    with pytest.raises(InvalidConfigError, match=r"w\.properties:2: streamName: the environment variable NOWHERE"):
        read_properties(path, [], {})


@pytest.mark.parametrize("place", ["properties", "actions"])
def test_the_command_never_prints_a_value_from_outside(tmp_path: Path, place: str) -> None:
    secret: Any = "very-secret-value"
    region = "${SECRET}" if place == "properties" else "us-west-2"
    maximum = "${SECRET}" if place == "properties" else "100"
    (tmp_path / "w.properties").write_text(
        f"applicationName = a\nstreamName = Table\nregionName = {region}\nmaxRecords = {maximum}\n"
    )
    concurrency = "${SECRET}" if place == "actions" else "1"
    (tmp_path / "actions.yaml").write_text(f"actions: [{{name: a, type: log, concurrency: '{concurrency}'}}]")
    answer = run_command("check", "w.properties", cwd=tmp_path, SECRET=secret)
    assert answer.returncode == 2
    assert "expected a whole number" in answer.stderr
    assert secret not in answer.stderr + answer.stdout
