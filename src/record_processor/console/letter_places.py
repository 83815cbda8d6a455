"""Where the dead letters of each configured action are, and reading them there: some, and none for long."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from record_processor.catalog import registry
from record_processor.config import convert
from record_processor.dead_letters.settings import SnsDeadLetter, SqsDeadLetter
from record_processor.dead_letters.store import readable_stores
from record_processor.errors import SetupError
from record_processor.tools.letters.places import visited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import DeadLetter
    from record_processor.dead_letters.store import ReadableStore

MOST_LETTERS = 500
"""How many are kept in memory and shown: the newest of a file, and the first that a service returns."""
_MOST_BYTES = 64 << 20
_LONGEST_SECONDS = 10.0


class Place(msgspec.Struct, frozen=True):
    """The place of an action's letters."""

    action: str
    kind: str
    note: str | None = None
    """What reading there means for others, or why nothing can be read."""
    is_readable: bool = True


class Found(NamedTuple):
    """What was read."""

    letters: list[Letter]
    more: bool
    """Whether there are others."""
    unreadable: int
    """How many things there are no letters."""
    refused: list[str]


class LetterPlaces:
    """The places of the actions of a checked configuration."""

    def __init__(self, actions: list[dict[str, Any]], region: str) -> None:
        self._region = region
        self._settings = {item["name"]: found for item in actions if (found := _dead_letter(item)) is not None}

    def all(self) -> list[Place]:
        return [_place(action, settings) for action, settings in self._settings.items()]

    def read(self, action: str) -> Found:
        """Return the letters of an action.

        Raises:
            SetupError: there is no such action, or a place cannot be read.
        """
        if action not in self._settings:
            raise SetupError(f"there is no action {action!r} with a dead_letter")
        found = Found([], more=False, unreadable=0, refused=[])
        for store in readable_stores(self._settings[action], action, self._region):
            found = _joined(found, _read(store, action))
        return found


def _dead_letter(item: dict[str, Any]) -> DeadLetter | None:
    """Return the setting alone: an action that is constructed may import a handler."""
    settings, _ = convert.convert(item, registry.find(item["type"]).settings_type)
    return None if settings is None else settings.dead_letter


def _place(action: str, settings: DeadLetter) -> Place:
    kind = str(settings.__struct_config__.tag)
    if isinstance(settings, SnsDeadLetter):
        return Place(action, kind, "Letters in a topic cannot be read back.", is_readable=False)
    if isinstance(settings, SqsDeadLetter):
        return Place(
            action,
            kind,
            "Reading hides the queue's messages from others for a moment, and each counts as received once: with a "
            "redrive policy, that many times may move them.",
        )
    return Place(action, kind)


def _read(store: ReadableStore, action: str) -> Found:
    with visited(store):
        letters, unreadable = store.read(MOST_LETTERS)
        kept, more = _newest(one for one in letters if one.action == action)
        return Found(kept, more or len(kept) + unreadable >= MOST_LETTERS, unreadable, list(store.refused))


def _newest(letters: Iterator[Letter]) -> tuple[list[Letter], bool]:
    """Return the last ones, within the limits."""
    kept: deque[Letter] = deque()
    size, more, end = 0, False, time.monotonic() + _LONGEST_SECONDS
    for letter in letters:
        kept.append(letter)
        size += len(letter.raw) + len(letter.error.traceback)
        while len(kept) > MOST_LETTERS or size > _MOST_BYTES:
            gone = kept.popleft()
            size -= len(gone.raw) + len(gone.error.traceback)
            more = True
        if time.monotonic() > end:
            return list(kept), True
    return list(kept), more


def _joined(one: Found, other: Found) -> Found:
    letters = sorted([*one.letters, *other.letters], key=lambda letter: letter.stored_at)
    more = one.more or other.more or len(letters) > MOST_LETTERS
    return Found(letters[-MOST_LETTERS:], more, one.unreadable + other.unreadable, [*one.refused, *other.refused])
