"""What handlers and other packages may rely on: complete, documented, typed, and free until it is used."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import record_processor
from record_processor import BatchResponse, Context, Event, PermanentError, PlainEvent, Record
from record_processor.actions.handlers.deadline import Deadline
from record_processor.actions.handlers.handler_context import Context as GivenContext
from record_processor.records.stream import Shard
from tests.builders import STREAM, change_record

ROOT = Path(__file__).parents[2]
PUBLIC = ("record_processor", "record_processor.plugin", "record_processor.testing")
DOCUMENTED = (ROOT / "docs/reference/python-api.md").read_text()


def all_of(module: str) -> set[str]:
    return set(importlib.import_module(module).__all__)


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_there_and_listed(module: str) -> None:
    loaded = importlib.import_module(module)
    assert [name for name in loaded.__all__ if not hasattr(loaded, name)] == []
    assert set(loaded.__all__) <= set(dir(loaded))


@pytest.mark.parametrize("module", PUBLIC)
def test_a_name_that_is_not_there_is_an_ordinary_error(module: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'Acton'"):
        _ = importlib.import_module(module).Acton


@pytest.mark.parametrize("module", PUBLIC)
def test_the_document_names_every_public_name_and_no_other(module: str) -> None:
    section = re.split(rf"^## .*`{re.escape(module)}`$", DOCUMENTED, flags=re.MULTILINE)[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == all_of(module)


def imports(program: str) -> set[str]:
    command = [sys.executable, "-c", f"{program}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"]
    return set(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("record_processor")}


def test_the_public_modules_import_nothing_of_ours_until_a_name_is_used() -> None:
    assert ours(imports("import record_processor")) == {"record_processor"}
    assert ours(imports("import record_processor.plugin")) == {"record_processor", "record_processor.plugin"}


def test_a_handlers_types_bring_nothing_but_themselves() -> None:
    found = ours(imports("from record_processor import Context, Event, Record"))
    assert found == {"record_processor", "record_processor.plugin", "record_processor.plugin.handler_types"}


def test_a_shard_process_imports_no_public_name_that_its_actions_do_not_use() -> None:
    program = (
        "from record_processor.catalog.build import build_actions\nimport record_processor.delivery.shard_delivery\n"
    )
    found = ours(imports(program + "build_actions([{'name': 'a', 'type': 'log'}])"))
    unused = {"aws.clients", "plugin.batched_action", "plugin.bisection", "plugin.handler_types", "testing", "tools"}
    assert found & {f"record_processor.{name}" for name in unused} == set()


def used(source: str) -> set[tuple[str, str]]:
    """The names that a program imports of ours, each with its module."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "record_processor":
            found |= {(str(node.module), alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names if alias.name.split(".")[0] == "record_processor"}
    return found


def published() -> list[tuple[str, str]]:
    """Programs that people copy: the examples, and those in the documents."""
    programs = [(str(path), path.read_text()) for path in (ROOT / "examples").rglob("*.py")]
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        blocks = re.findall(r"^```python\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)
        programs += [(f"{path.name}-{number}", block) for number, block in enumerate(blocks)]
    return programs


@pytest.mark.parametrize(("name", "source"), published(), ids=lambda value: str(value)[:60])
def test_what_people_copy_uses_public_names_alone(name: str, source: str) -> None:
    for module, imported in used(source):
        assert module in PUBLIC, f"{name} imports {module}"
        assert not imported or imported in all_of(module), f"{name} imports {imported} of {module}"


def typed(event: Event, context: Context) -> BatchResponse:
    """As a user writes it. mypy reads it with all other tests."""
    for record in event["Records"]:
        total: str = record["dynamodb"]["NewImage"]["Total"]["N"]
        context.log(f"{context.function_name} {total} {context.get_remaining_time_in_millis()}")
        if record["eventName"] == "REMOVE":
            raise PermanentError("it is gone")
    return {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["dynamodb"]["SequenceNumber"]}]}


def plainly_typed(event: PlainEvent, _context: Context) -> None:
    assert event["Records"][0]["new"]["Size"] == 12


def mistyped(event: Event) -> BatchResponse:
    """Never called. mypy must refuse what is marked: a mark without an error is one itself."""
    from record_processor import PermanetError  # type: ignore[attr-defined] # noqa: F401
    from record_processor.plugin import Acton  # type: ignore[attr-defined] # noqa: F401

    assert event["Records"][0]["dynamodb"]["newImage"]  # type: ignore[typeddict-item]
    if event["Records"][0]["eventName"] == "INSRT":  # type: ignore[comparison-overlap]
        raise PermanentError("never")
    return {"batchItemFailure": []}  # type: ignore[typeddict-item]


def test_the_types_describe_what_a_handler_is_given() -> None:
    record: Any = change_record(NewImage={"Total": {"N": "12.5"}}).to_lambda()
    given: Context = GivenContext("orders", Shard("shardId-1", STREAM), Deadline(60.0))
    assert typed({"Records": [record]}, given)["batchItemFailures"] == [{"itemIdentifier": "000000000000000000001"}]
    plain: Any = change_record().to_plain()
    plainly_typed({"Records": [plain]}, given)
    required = Record.__required_keys__
    assert required <= record.keys() <= required | Record.__optional_keys__


def test_the_errors_are_those_that_delivery_knows() -> None:
    from record_processor import errors

    assert record_processor.PermanentError is errors.PermanentError
    assert record_processor.ActionError is errors.ActionError
