"""`record-processor dead-letters purge` and `quarantine`: letters that no replay is to deliver."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from record_processor.dead_letters.file import SET_ASIDE, DeadLetterFile
from record_processor.dead_letters.letter import fingerprint
from record_processor.errors import SetupError
from record_processor.logs.terminal import say, say_lines
from record_processor.tools.letters.counts import Counts
from record_processor.tools.letters.places import raise_for, say_refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.store import ReadableStore
    from record_processor.tools.letters.choice import Choice
    from record_processor.tools.letters.places import Places


class _Shown(NamedTuple):
    """What was printed of a place."""

    letters: Iterable[Letter]
    copies: Counter[bytes]
    """How often each is there, by fingerprint: letters may be large."""


class Removal:
    """Takes the chosen letters out of their places: exactly those that it has shown, whatever is added meanwhile."""

    def __init__(self, places: Places, choice: Choice) -> None:
        self._places = places
        self._choice = choice
        self._shown = 0
        self._gone = 0
        self._stay = 0

    def purge(self, is_sure: bool) -> int:
        """Show the letters and, if somebody is sure, remove them for good.

        Returns:
            0, or 1 if something stays that should not.

        Raises:
            SetupError: nothing was removed, since nobody confirmed it; or a place cannot be read or written.
        """
        broken = self._at_each(self._purge if is_sure else _leave)
        if not is_sure and self._shown and not broken:
            raise SetupError(f"nothing was removed: --yes removes {_letters(self._shown)} (above) for good")
        return self._end("removed for good", broken)

    def quarantine(self, to: Path | None, dry_run: bool) -> int:
        """Move the chosen letters, or what is no letter if none are chosen, to where no replay looks.

        Args:
            to: a file for letters, in place of where their own place has for what is set aside.
            dry_run: only show them.

        Returns:
            0, or 1 if something stays that should not.

        Raises:
            SetupError: `to` is not possible, or a place cannot be read or written.
        """
        if to is not None and not to.name.endswith(SET_ASIDE):
            raise SetupError(f"--to {to}: expected a name that ends with {SET_ASIDE}, since no replay reads such files")
        if not self._choice.is_all:
            broken = self._at_each(_leave if dry_run else partial(self._set_letters_aside, to))
        elif to is None:
            broken = self._places.visit(lambda store: self._set_strangers_aside(store, dry_run))
        else:
            raise SetupError("--to is for letters: choose some, for example with --action or --id")
        return self._end("set aside", broken) if not dry_run else self._end_dry_run(broken)

    def _at_each(self, work: Callable[[ReadableStore, _Shown], None]) -> list[str]:
        def visit(store: ReadableStore) -> None:
            shown = self._show(store)
            if shown.copies:
                work(store, shown)
            self._stay += say_refused(store)

        broken = self._places.visit(visit, self._choice.action)
        if not broken:
            self._places.refuse_if_nothing(self._choice, self._shown)
        return broken

    def _show(self, store: ReadableStore) -> _Shown:
        """Print what is chosen."""
        counts, copies = Counts(), Counter[bytes]()
        letters, _ = store.read()
        for letter in filter(self._choice.includes, letters):
            counts.add(letter)
            copies[fingerprint(letter)] += 1
        if copies:
            say(store.name)
            say_lines(counts.text() + "\n")
        self._shown += counts.letters
        return _Shown(letters, copies)

    def _purge(self, store: ReadableStore, shown: _Shown) -> None:
        # A service removes one at a time; a file is written anew, for all of them at once.
        step = 1 if store.remove_at_once == 1 else len(shown.copies)
        left = iter(shown.copies)
        while some := frozenset(itertools.islice(left, step)):
            store.hold()
            store.discard(some)
            self._gone += sum(shown.copies[one] for one in some)

    def _set_letters_aside(self, to: Path | None, store: ReadableStore, shown: _Shown) -> None:
        if to is not None:
            self._move_to_file(store, shown, DeadLetterFile(to))
            return
        count, refused = shown.copies.total(), len(store.refused)
        where = store.set_letters_aside(frozenset(shown.copies))
        if where is None:
            say(f"{store.name}: has no place for what is set aside: --to FILE{SET_ASIDE} moves it to a file", err=True)
            self._stay += count
            return
        moved = max(0, count - (len(store.refused) - refused))
        self._gone += moved
        say(f"{store.name}: {moved} set aside: {where}")

    def _move_to_file(self, store: ReadableStore, shown: _Shown, file: DeadLetterFile) -> None:
        """Write each to disk before it is removed: a stop in between leaves some in both."""
        if isinstance(store, DeadLetterFile) and file.path.exists() and file.path.samefile(store.path):
            raise SetupError(f"--to {file.path}: is the file in which they are")
        chosen = (letter for letter in shown.letters if fingerprint(letter) in shown.copies)
        try:
            while some := list(itertools.islice(chosen, store.remove_at_once)):
                store.hold()
                file.store(some)
                store.discard(frozenset(map(fingerprint, some)))
                self._gone += len(some)
        finally:
            file.release()

    def _set_strangers_aside(self, store: ReadableStore, dry_run: bool) -> None:
        letters, unreadable = store.read()
        if self._places.hold_no_letters(store, letters, unreadable):
            self._stay += unreadable
        elif unreadable and dry_run:
            self._gone += unreadable
            say(f"{store.name}: {unreadable} are not dead letters")
        elif unreadable:
            self._gone += set_aside(store, unreadable)
        self._stay += say_refused(store)

    def _end(self, done: str, broken: list[str]) -> int:
        say(f"{self._gone} {done}" + f", {self._stay} remain" * bool(self._stay))
        raise_for(broken)
        return 1 if self._stay else 0

    def _end_dry_run(self, broken: list[str]) -> int:
        self._gone += self._shown
        return self._end("would be set aside", broken)


def _leave(*_: object) -> None:
    """Only show it."""


def _letters(count: int) -> str:
    return "this letter" if count == 1 else f"these {count} letters"


def set_aside(store: ReadableStore, unreadable: int) -> int:
    """Set aside what is no letter, and say where it is; return how many were."""
    refused = len(store.refused)
    where = store.set_aside()
    done = f"were set aside: {where}" if where else "remain, because they may belong to something else"
    if count := unreadable - (len(store.refused) - refused):
        say(f"{store.name}: {count} that are not dead letters {done}", err=True)
    return count if where else 0
