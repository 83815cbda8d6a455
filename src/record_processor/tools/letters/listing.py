"""`record-processor dead-letters list`: what has been given up, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from record_processor.logs.terminal import say, say_lines
from record_processor.tools.letters.counts import Counts, Group
from record_processor.tools.letters.places import raise_for, say_refused
from record_processor.tools.redelivery import description

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.store import ReadableStore
    from record_processor.tools.letters.choice import Choice
    from record_processor.tools.letters.places import Places


class _Place(msgspec.Struct):
    """What `--json` says of a place."""

    place: str
    letters: int
    not_letters: int
    """What else is there: `quarantine` sets it aside."""
    refused: int
    """What the place does not return."""
    groups: list[Group]


class _Found(msgspec.Struct):
    letters: int
    places: list[_Place]


class Listing:
    """Counts the chosen letters of each place."""

    def __init__(self, places: Places, choice: Choice) -> None:
        self._places = places
        self._choice = choice

    def say(self, each: bool) -> None:
        """Print a table per place, or a line per letter.

        Raises:
            SetupError: a place cannot be read; the others were shown.
        """
        broken, found = self._look(_say_letter if each else _say_nothing)
        for place, counts in found:
            if place.letters and not each:
                say(place.place)
                say_lines(counts.text() + "\n")
            if place.not_letters:
                say(f"{place.place}: {place.not_letters} are not dead letters; `quarantine` sets them aside", err=True)
        total = sum(place.letters for place, _ in found)
        say(f"{total} dead letter{'s' * (total != 1)}")
        raise_for(broken)
        self._places.refuse_if_nothing(self._choice, total)

    def say_json(self) -> None:
        """Print one JSON object."""
        broken, found = self._look(_say_nothing)
        total = sum(place.letters for place, _ in found)
        say_lines(msgspec.json.encode(_Found(total, [place for place, _ in found])).decode())
        raise_for(broken)
        self._places.refuse_if_nothing(self._choice, total)

    def _look(self, see: Callable[[Letter], None]) -> tuple[list[str], list[tuple[_Place, Counts]]]:
        found: list[tuple[_Place, Counts]] = []

        def count(store: ReadableStore) -> None:
            letters, unreadable = store.read()
            counts = Counts()
            for letter in filter(self._choice.includes, letters):
                counts.add(letter)
                see(letter)
            refused = say_refused(store)
            found.append((_Place(store.name, counts.letters, unreadable, refused, counts.groups), counts))

        return self._places.visit(count, self._choice.action), found


def _say_letter(letter: Letter) -> None:
    say(f"{letter.id} {description(letter)}")


def _say_nothing(_: Letter) -> None:
    """The table says it."""
