"""Every example on the docs site and in the README does what it says, or at least can be what it says."""

from __future__ import annotations

import importlib
import inspect
import itertools
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from record_processor.catalog.actions_file import read_actions
from record_processor.cli import cli
from record_processor.config.properties import read_properties
from record_processor.filters.record_filter import RecordFilter
from tests.builders import change_record
from tests.docs.blocks import ROOT, Block, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LANGUAGES = ("yaml", "properties", "python", "sh", "toml", "text")
# It can be called without arguments too, as `startup` is.
HANDLER = "def handle(event=None, context=None):\n    pass\n"


def of(language: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", [one for one in blocks() if one.language == language], ids=str)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory, from which modules are imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        # A folder without __init__.py has no file.
        places = [getattr(sys.modules[name], "__file__", None) or "", *getattr(sys.modules[name], "__path__", [])]
        if any(place.startswith(str(tmp_path)) for place in places):
            del sys.modules[name]


def test_every_block_says_which_language_it_is() -> None:
    assert [str(block) for block in blocks() if block.language not in LANGUAGES] == []


@of("yaml")
def test_yaml_is_accepted_as_what_it_is(block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = yaml.safe_load(block.text)
    if isinstance(data, dict) and "filter" in data:
        RecordFilter(data["filter"])
    if isinstance(data, dict) and "actions" in data:
        for name in re.findall(r"\$\{(\w+)\}", block.text):
            monkeypatch.setenv(name, "from-outside")
        prepare(folder, block)
        (folder / "actions.yaml").write_text(block.text)
        assert read_actions(folder / "actions.yaml")


def prepare(folder: Path, block: Block) -> None:
    """What an example names: files of the same section, handlers that it does not show, files of secrets."""
    for one in blocks():
        if (one.page, one.section) == (block.page, block.section) and one.file is not None:
            write(folder / one.file, one.text)
    stubs: dict[str, str] = {}
    for module, function in re.findall(r"(?:handler|startup|shutdown): ([\w.]+):(\w+)", block.text):
        path = f"{module.replace('.', '/')}.py"
        if path in stubs or not (folder / path).exists():
            stubs[path] = stubs.get(path, "") + HANDLER.replace("handle", function)
            write(folder / path, stubs[path])
    for secret in re.findall(r"\$\{file:([\w/.]+)\}", block.text):
        write(folder / secret, "from-outside")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@of("properties")
def test_properties_are_accepted(block: Block, tmp_path: Path) -> None:
    (tmp_path / "worker.properties").write_text(block.text)
    assert read_properties(tmp_path / "worker.properties", [], {})


@of("python")
def test_python_compiles_and_a_handler_takes_lambdas_event(block: Block, folder: Path) -> None:
    compile(block.text, str(block), "exec")
    if block.file is not None or "def handle(event, context)" not in block.text:
        return
    write(folder / "example_handler.py", block.text)
    handle = importlib.import_module("example_handler").handle
    answer = handle({"Records": [change_record(Keys=KEYS, NewImage=KEYS).to_lambda()]}, None)
    assert answer is None or inspect.isawaitable(answer) or set(answer) == {"batchItemFailures"}


KEYS = {"Company": {"S": "Motorola"}, "Model": {"S": "Cool Phone"}}


@of("sh")
def test_shell_parses_and_its_commands_exist(block: Block) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
    for line in re.sub(r"\\\n", " ", block.text).splitlines():
        for command in line.split(" | "):
            words = shlex.split(command, comments=True)
            if words[:1] == ["record-processor"]:
                parsed(words[1:])
            if words and words[0].startswith("scripts/"):
                assert (ROOT / words[0]).exists(), line


def parsed(words: list[str]) -> None:
    """As the command reads them, up to a redirection."""
    kept = list(itertools.takewhile(lambda word: word not in ("&", ">"), words))
    if kept and kept[0] in cli.commands:
        cli.commands[kept[0]].make_context(kept[0], kept[1:])
    else:
        assert kept == ["--version"]


@of("toml")
def test_toml_is_that_of_the_example_package(block: Block) -> None:
    assert block.text in (ROOT / "examples/shouting/pyproject.toml").read_text()
