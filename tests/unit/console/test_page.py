"""The page is small, complete in itself, and makes no HTML of text."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from record_processor.console.pages import read_pages

FILES = {file.name: file.read_text() for file in (resources.files("record_processor.console") / "page").iterdir()}
SCRIPTS = [name for name in FILES if name.endswith(".js")]


def test_the_page_has_at_most_150_kilobytes_in_all() -> None:
    assert sum(len(text.encode()) for text in FILES.values()) <= 150_000


def test_every_file_is_served() -> None:
    assert set(read_pages()) == {"/" if name == "index.html" else f"/{name}" for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    found = re.findall(r"\b(?:https?:)?//[a-z][\w.-]*", re.sub(r"^\s*//.*$", "", FILES[name], flags=re.MULTILINE))
    assert set(found) <= {"http://www.w3.org"}  # the name of SVG, which nobody loads


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_text_becomes_html_or_code(name: str) -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|srcdoc|javascript:"
    )
    assert re.findall(forbidden, FILES[name]) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_imports_only_what_is_there(name: str) -> None:
    imported = re.findall(r'from "\./([\w.]+)"', FILES[name])
    assert set(imported) <= set(SCRIPTS)


def test_a_script_is_short_enough_to_be_read() -> None:
    assert {name: lines for name in SCRIPTS if (lines := FILES[name].count("\n")) > 150} == {}
