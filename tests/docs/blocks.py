"""The code blocks of the documentation, as a reader sees them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from docs_site import action_pages

ROOT = Path(__file__).parents[2]

FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    page: str
    section: str
    """The last heading before it."""
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """A first line such as `# shop/orders.py` says which file it is."""
        named = re.match(r"# ([\w./-]+\.\w+)$", self.text.partition("\n")[0])
        return named[1] if named else None


@cache
def pages() -> dict[str, str]:
    """By address in the repository: each page that users read, those that are made from the types too."""
    written = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = {str(path.relative_to(ROOT)): path.read_text() for path in written if not path.name.startswith("_")}
    return {**found, **{f"docs/{address}": text for address, text in action_pages.pages().items()}}


@cache
def blocks() -> tuple[Block, ...]:
    return tuple(block for page, text in pages().items() for block in _of_page(page, text))


def _of_page(page: str, text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        before = text[: match.start()]
        headings = re.findall(r"^#+ (.+)$", FENCE.sub("", before), re.MULTILINE)
        body = re.sub(rf"(?m)^{match[1]}", "", match[3])
        found.append(Block(page, headings[-1] if headings else "", before.count("\n") + 1, match[2], body))
    return found
