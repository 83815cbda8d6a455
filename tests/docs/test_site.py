"""The docs site: it builds without a warning, loads nothing from elsewhere, and leaves nothing out."""

from __future__ import annotations

import importlib
import re
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import click
import msgspec
import pytest

from docs_site import action_pages, property_page, signatures, template
from docs_site.tables import keys_of
from record_processor import __version__
from record_processor.catalog import registry
from record_processor.cli import cli
from record_processor.config.property_schema import KEYS, NOT_HERE
from record_processor.plugin.settings import ActionSettings
from tests.docs.blocks import FENCE, ROOT, pages

if TYPE_CHECKING:
    from pathlib import Path

LIST_IN_A_PARAGRAPH = re.compile(r"^(?![-*|#\s]|\d+\.)[^\n]+\n(?:[-*]|1\.) [^\n]*", re.MULTILINE)
LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}


class Loaded(HTMLParser):
    """What a browser fetches for a page, without a click."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if LOADED.get(tag) == name]


def built_with(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts/docs"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as scripts/docs builds it, which fails for a broken link or heading."""
    folder = tmp_path_factory.mktemp("site")
    built = built_with("--site-dir", folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_a_page_loads_nothing_from_another_host(site: Path) -> None:
    found = list(site.rglob("*.html"))
    assert len(found) > 30
    for page in found:
        parser = Loaded()
        parser.feed(page.read_text())
        assert [one for one in parser.addresses if re.match(r"(\w+:)?//", one)] == [], page
        # The theme fetches its program for diagrams when a page has one.
        assert 'class="mermaid"' not in page.read_text(), page


def test_a_page_says_which_version_it_is_about(site: Path) -> None:
    assert f"record-processor {__version__}" in (site / "reference/properties.html").read_text()


@pytest.mark.parametrize("module", signatures.MODULES)
def test_every_public_name_has_its_signature_on_the_page(site: Path, module: str) -> None:
    page = (site / "reference/python-api.html").read_text()
    names = importlib.import_module(module).__all__
    assert [name for name in names if name != "__version__" and f'id="{module}.{name}"' not in page] == []


def test_no_style_loads_anything_from_another_host(site: Path) -> None:
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert re.findall(r"url\([\"']?(?:\w+:)?//[^)]*\)", styles) == []


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("[gone](gone.md)\n")
    text = (ROOT / "mkdocs.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(text[: text.index("\nnav:")].replace("docs_site/", f"{ROOT}/docs_site/"))
    built = built_with("--config-file", tmp_path / "mkdocs.yml", "--site-dir", tmp_path / "site")
    assert built.returncode != 0
    assert "gone.md" in built.stdout + built.stderr


def test_every_link_of_the_documents_in_the_root_leads_to_a_file() -> None:
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", document.read_text()):
            assert (ROOT / target).exists() or f"{target}" in pages(), f"{document.name}: {target}"


@pytest.mark.parametrize("name", registry.built_in())
def test_every_key_of_an_action_is_described(name: str) -> None:
    keys = action_pages.own_keys(registry.find(name))
    assert [key.name for key in keys if not key.description] == []
    page = action_pages.page(name)
    assert [key.name for key in keys if f"| `{key.name}` |" not in page] == []


def test_every_key_that_all_actions_have_is_described() -> None:
    keys = list(keys_of(msgspec.structs.fields(ActionSettings)))
    assert {"batch.window", "retry.max_age", "dead_letter(s3).bucket"} <= {key.name for key in keys}
    assert [key.name for key in keys if not key.description] == []


def test_every_property_is_described() -> None:
    assert [key.name for key in KEYS.values() if not key.description] == []
    page = property_page.page()
    assert [name for name in (*KEYS, *NOT_HERE) if page.count(f"\n| `{name}` |") != 1] == []


def test_the_template_for_production_has_properties_that_exist_with_their_defaults() -> None:
    text = (ROOT / "properties/worker.properties").read_text()
    written = dict(re.findall(r"^#?(\w+) = (.+)$", text, re.MULTILINE))
    assert set(written) <= set(KEYS)
    wrong = {name for name, value in written.items() if KEYS[name].default not in (value, None)}
    assert wrong == set()


def test_the_template_for_production_describes_properties_as_the_reference_does() -> None:
    assert (ROOT / "properties/worker.properties").read_text() == template.template()


@pytest.mark.parametrize("name", registry.built_in())
def test_every_action_has_notes_on_order_and_repetition(name: str) -> None:
    assert (action_pages.NOTES / f"_{name}.md").exists()


def test_every_command_and_option_has_help() -> None:
    for name, command in cli.commands.items():
        assert command.help, name
        for option in command.params:
            assert isinstance(option, click.Argument) or option.help, f"{name} {option.name}"


def test_a_list_begins_after_an_empty_line_since_it_is_none_otherwise() -> None:
    wrong = []
    for name, text in pages().items():
        outside = FENCE.sub("", text)
        wrong += [f"{name}: {one}" for one in LIST_IN_A_PARAGRAPH.findall(outside)]
    assert wrong == []


def test_the_glossary_is_in_order() -> None:
    words = re.findall(r"^\| ([a-z][\w -]*)", pages()["docs/glossary.md"], re.MULTILINE)[1:]
    assert words == sorted(words, key=lambda word: word.replace("-", " "))
