"""How many letters there are, by action, table and error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from record_processor.records.stream import Stream
from record_processor.text.safe_text import printable, shortened
from record_processor.tools.letters.choice import stored_at

if TYPE_CHECKING:
    from datetime import datetime

    from record_processor.dead_letters.letter import Letter

# Whoever writes letters chooses what they say: more of it than anybody reads is counted together.
_MOST_GROUPS = 500
_OTHERS = "(other errors)"
_OTHER_ACTIONS = "(other actions)"
_LONGEST_TYPE = 60
_LONGEST_MESSAGE = 200
_LONGEST_SHOWN = 80
# What differs from letter to letter of one error, and may be a value of its record.
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAMED = re.compile(r"(?=[\w.@-]*[0-9])[\w.@-]{5,}")
_HEADS = ("ACTION", "TABLE", "ERROR", "LETTERS", "FIRST", "LAST")


class Group(msgspec.Struct):
    """Letters with one action, table and error."""

    action: str
    table: str
    error: str
    letters: int = 0
    first: str | None = None
    """When the first of them was stored; None if none says so."""
    last: str | None = None


class Counts:
    """The letters of one place."""

    def __init__(self) -> None:
        self._groups: dict[_Key, Group] = {}

    @property
    def letters(self) -> int:
        return sum(group.letters for group in self._groups.values())

    @property
    def groups(self) -> list[Group]:
        """Return them, the largest of each action first."""
        return sorted(self._groups.values(), key=lambda group: (group.action, -group.letters, group.table, group.error))

    def add(self, letter: Letter) -> None:
        key = _Key(letter.action, Stream(letter.stream_arn).table, kind_of(letter))
        if key not in self._groups and len(self._groups) >= _MOST_GROUPS:
            key = _Key(_OTHER_ACTIONS, "", _OTHERS)
        group = self._groups.setdefault(key, Group(*key))
        group.letters += 1
        if (stored := stored_at(letter)) is not None:
            moment = _iso(stored)
            group.first = min(group.first or moment, moment)
            group.last = max(group.last or moment, moment)

    def text(self) -> str:
        """Return a table."""
        rows = [
            (group.action, group.table, group.error, str(group.letters), group.first or "?", group.last or "?")
            for group in self.groups
        ]
        return _table([_HEADS, *(tuple(map(printable, row)) for row in rows)])


class _Key(NamedTuple):
    action: str
    table: str
    error: str


def kind_of(letter: Letter) -> str:
    """Return an error without what differs from letter to letter: quoted text, and words with digits."""
    message = shortened(letter.error.message, _LONGEST_MESSAGE)
    message = _NAMED.sub("#", _QUOTED.sub("'…'", message))
    return shortened(f"{shortened(letter.error.type, _LONGEST_TYPE)}: {message}", _LONGEST_SHOWN, mark="…")


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
