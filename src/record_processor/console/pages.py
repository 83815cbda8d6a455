"""The files of the page, in memory."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from record_processor.console.answers import content

if TYPE_CHECKING:
    from record_processor.console.answers import Answer

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def read_pages() -> dict[str, Answer]:
    """Return each file by its path in an address."""
    found = {}
    for file in (resources.files(__package__) / "page").iterdir():
        kind = file.name.rpartition(".")[2]
        if kind in _TYPES:
            path = "/" if file.name == "index.html" else f"/{file.name}"
            found[path] = content(file.read_bytes(), _TYPES[kind])
    return found
