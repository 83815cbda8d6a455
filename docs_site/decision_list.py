"""The list of decisions, from their records."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent.parent / "docs/decisions"

_RECORD = re.compile(r"# (\d{4})\. (.+)\n\nStatus: ([^·\n]+) · Date: (\d{4}-\d\d-\d\d)\n")


class Decision(NamedTuple):
    """The head of a record."""

    file: str
    number: int
    title: str
    status: str
    date: str


def decisions() -> list[Decision]:
    """Return all records by number.

    Raises:
        ValueError: a record does not begin as it should.
    """
    return [_read(path) for path in sorted(FOLDER.glob("[0-9]*.md"))]


def _read(path: Path) -> Decision:
    match = _RECORD.match(path.read_text())
    if match is None:
        raise ValueError(f"{path.name}: expected '# NNNN. Title' and 'Status: accepted · Date: YYYY-MM-DD' at its head")
    number, title, status, date = match.groups()
    return Decision(path.name, int(number), title, status, date)


def listed() -> str:
    """One line per record, newest last."""
    return "\n".join(f"- {one.number:04}: [{one.title}]({one.file})" for one in decisions())
