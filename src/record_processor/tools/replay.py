"""`record-processor dead-letters replay`: dead letters through their actions again.

A letter is removed once its action is done with it and has made that durable: from a service one by one, from a file in
groups, since each removal rewrites the file. What was delivered is also removed if the replay is stopped or fails in
the middle of a group. Only after a kill is a letter delivered again (of a file, at most a group). None is ever lost. A
worker may keep adding letters meanwhile.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.config.wording import unknown
from record_processor.errors import SetupError
from record_processor.logs.terminal import say
from record_processor.tools.letters.choice import Choice
from record_processor.tools.letters.pace import Pace
from record_processor.tools.letters.places import Places, raise_for, say_refused
from record_processor.tools.letters.removal import set_aside
from record_processor.tools.redelivery import Redelivery, description

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.store import ReadableStore


_MOST_NAMED = 10


class _Tally(NamedTuple):
    done: int
    failed: int

    def __add__(self, other: _Tally) -> _Tally:  # type: ignore[override]
        return _Tally(self.done + other.done, self.failed + other.failed)


class Replay:
    """One pass over the letters of a place, or of every place that the actions' `dead_letter` names."""

    def __init__(
        self,
        actions: list[dict[str, Any]],
        choice: Choice = Choice(),  # noqa: B008 - it cannot change
        *,
        dry_run: bool = False,
        region: str,
        pace: Pace | None = None,
    ) -> None:
        self._actions = actions
        self._region = region
        self._names = {item["name"] for item in actions}
        self._dry_run = dry_run
        self._redelivery = Redelivery({item["name"]: item for item in actions}, region)
        self._pace = pace or Pace()
        if choice.action is not None and choice.action not in self._names:
            raise SetupError(f"--action: {unknown('action', choice.action, self._names)}")
        self._choice = choice

    def run(self, source: Path | None) -> int:
        """Replay a file, every `*.jsonl` of a folder, or without a source what is configured.

        Returns:
            0 if every chosen letter succeeded, else 1.

        Raises:
            SetupError: there is no such file or letter, or a place cannot be read or written; the other places were
                replayed.
        """
        total = _Tally(0, 0)
        places = Places(self._actions, source, self._region)

        def replay(store: ReadableStore) -> None:
            nonlocal total
            total += self._replay_store(store, places)

        try:
            broken = places.visit(replay, self._choice.action)
        finally:
            self._redelivery.close()
        verb = "would be replayed" if self._dry_run else "succeeded and were removed"
        say(f"{total.done} {verb}, {total.failed} failed and remain")
        raise_for(broken)
        places.refuse_if_nothing(self._choice, sum(total))
        return 1 if total.failed else 0

    def _replay_store(self, store: ReadableStore, places: Places) -> _Tally:
        letters, unreadable = store.read()
        strangers = self._say_strangers(store, letters)
        if self._dry_run:
            found = self._say_what_would_be_done(store, letters, unreadable)
            return found + _Tally(0, strangers + say_refused(store))
        if places.hold_no_letters(store, letters, unreadable):
            return _Tally(0, unreadable)
        if unreadable:
            set_aside(store, unreadable)
        store.remove(())  # find out now, and not after the first deliveries, if letters cannot be removed
        total = _Tally(0, strangers)
        chosen = self._chosen(letters)
        while (some := self._replay_some(store, chosen)) != _Tally(0, 0):
            total += some
        return total + _Tally(0, say_refused(store))

    def _say_what_would_be_done(self, store: ReadableStore, letters: Iterable[Letter], unreadable: int) -> _Tally:
        found = _Tally(0, 0)
        for letter in self._chosen(letters):
            if (obstacle := self._redelivery.obstacle(letter)) is None:
                say(description(letter))
                found += _Tally(1, 0)
            else:
                say(f"{description(letter)}: stays: {obstacle}", err=True)
                found += _Tally(0, 1)
        if unreadable:
            say(f"{store.name}: {unreadable} are not dead letters", err=True)
        return found

    def _chosen(self, letters: Iterable[Letter]) -> Iterator[Letter]:
        for letter in letters:
            if letter.action in self._names and self._choice.includes(letter):
                yield letter
            elif letter.action in self._names and self._choice.passes_over(letter):
                self._redelivery.pass_over(letter)

    def _replay_some(self, store: ReadableStore, letters: Iterator[Letter]) -> _Tally:
        """Deliver, make durable, and only then remove."""
        tried, delivered = 0, []
        at_once = store.remove_at_once
        store.hold()
        try:
            while tried < at_once and not self._redelivery.is_full and (letter := next(letters, None)) is not None:
                self._pace.wait(store.hold)
                if not store.has(letter):  # somebody else got it during the wait
                    continue
                tried += 1
                if self._redelivery.deliver(letter):
                    delivered.append(letter)
        finally:  # also if it is to stop here
            outcome = self._redelivery.make_durable(delivered)
            _remove(store, outcome.durable)
            outcome.say()
        if self._redelivery.is_full:
            self._redelivery.close()
        return _Tally(len(outcome.durable), tried - len(outcome.durable))

    def _say_strangers(self, store: ReadableStore, letters: Iterable[Letter]) -> int:
        """Report how many letters are from actions that are no longer configured: they wait, and block no others."""
        others = (
            letter.action for letter in letters if letter.action not in self._names and self._choice.includes(letter)
        )
        counts = Counter(others)
        for name, count in sorted(counts.most_common(_MOST_NAMED)):
            known = unknown("action", name, self._names)
            say(f"{store.name}: {count} stay: {known}. Configure it again to replay them", err=True)
        if len(counts) > _MOST_NAMED:
            say(f"{store.name}: so do those of {len(counts) - _MOST_NAMED} more unknown actions", err=True)
        return counts.total()


def _remove(store: ReadableStore, letters: list[Letter]) -> None:
    try:
        if letters:
            store.remove(letters)
    except BaseException:
        for letter in letters:
            say(f"{description(letter)}: perhaps not removed; if so, the next replay delivers it again", err=True)
        raise
