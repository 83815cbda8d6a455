"""SECURITY.md names what keeps its promises, and is found."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()


def test_every_test_that_keeps_a_promise_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", TEXT))
    assert len(named) >= 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_document_that_it_names_is_there() -> None:
    links = re.findall(r"\]\(([\w/.-]+)(?:#([\w-]+))?\)", TEXT)
    assert links
    for path, heading in links:
        headings = re.findall(r"^## (.+)$", (ROOT / path).read_text(), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}
        assert not heading or heading in anchors


def test_it_is_found_from_the_documents_that_are_read_first() -> None:
    for document in ("README.md", "CONTRIBUTING.md"):
        assert "](SECURITY.md)" in (ROOT / document).read_text()
