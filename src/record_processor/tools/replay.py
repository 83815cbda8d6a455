"""`record-processor replay`: dead letters through their actions again.

A letter is removed once its action is done with it and has made that durable: from a service one by one, from a file in
groups, since each removal rewrites the file. What was delivered is also removed if the replay is stopped or fails in
the middle of a group. Only after a kill is a letter delivered again (of a file, at most a group). None is ever lost. A
worker may keep adding letters meanwhile.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.aws.clients import explained
from record_processor.catalog.build import build_actions
from record_processor.config.wording import unknown
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.store import readable_stores
from record_processor.errors import SetupError
from record_processor.logs.terminal import say
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

    def __init__(self, actions: list[dict[str, Any]], only_action: str | None, dry_run: bool, region: str) -> None:
        self._region = region
        self._items = {item["name"]: item for item in actions}
        self._dry_run = dry_run
        self._redelivery = Redelivery(self._items, region)
        if only_action is not None and only_action not in self._items:
            raise SetupError(f"--action: {unknown('action', only_action, self._items)}")
        self._only_action = only_action

    def run(self, source: Path | None) -> int:
        """Replay a file, every `*.jsonl` of a folder, or without a source what is configured.

        Returns:
            0 if every chosen letter succeeded, else 1.

        Raises:
            SetupError: there is no such file, or a place cannot be read or written; the other places were replayed.
        """
        total, broken = _Tally(0, 0), []
        try:
            for store in self._configured() if source is None else _files(source):
                try:
                    total += self._replay_place(store, named=source is not None)
                except SetupError as error:
                    broken.append(str(error))
        finally:
            self._redelivery.close()
        verb = "would be replayed" if self._dry_run else "succeeded and were removed"
        say(f"{total.done} {verb}, {total.failed} failed and remain")
        if broken:
            raise SetupError("\n".join(broken))
        return 1 if total.failed else 0

    def _configured(self) -> list[ReadableStore]:
        """Return where letters of the chosen actions may be; a place that two of them share appears once."""
        stores: dict[str, ReadableStore] = {}
        for name, item in self._items.items():
            settings = build_actions([item])[0].settings.dead_letter
            if settings is None or self._only_action not in (None, name):
                continue
            found = readable_stores(settings, name, self._region)
            if not found:
                say(f"{name}: its dead letters cannot be read back", err=True)
            stores.update({store.name: store for store in found})
        return list(stores.values())

    def _replay_place(self, store: ReadableStore, named: bool) -> _Tally:
        try:
            with explained(store.name, "the endpoint of the dead letters"):
                return self._replay_store(store, named)
        except OSError as error:
            raise SetupError(f"{store.name}: {error}") from error
        finally:
            store.release()

    def _replay_store(self, store: ReadableStore, named: bool) -> _Tally:
        letters, unreadable = store.read()
        strangers = self._say_strangers(store, letters)
        if self._dry_run:
            found = self._say_what_would_be_done(store, letters, unreadable)
            return found + _Tally(0, strangers + _say_refused(store))
        if unreadable and named and not any(True for _ in letters):
            # This is more likely another file than letters that are all broken.
            say(f"{store.name}: none of its {unreadable} lines is a dead letter; the file is unchanged", err=True)
            return _Tally(0, unreadable)
        if unreadable:
            _set_aside(store, unreadable)
        store.remove(())  # find out now, and not after the first deliveries, if letters cannot be removed
        total = _Tally(0, strangers)
        chosen = self._chosen(letters)
        while (some := self._replay_some(store, chosen)) != _Tally(0, 0):
            total += some
        return total + _Tally(0, _say_refused(store))

    def _say_what_would_be_done(self, store: ReadableStore, letters: Iterable[Letter], unreadable: int) -> _Tally:
        count = 0
        for letter in self._chosen(letters):
            say(description(letter))
            count += 1
        if unreadable:
            say(f"{store.name}: {unreadable} are not dead letters", err=True)
        return _Tally(count, 0)

    def _chosen(self, letters: Iterable[Letter]) -> Iterator[Letter]:
        return (letter for letter in letters if letter.action in self._items and self._is_meant(letter))

    def _is_meant(self, letter: Letter) -> bool:
        return self._only_action in (None, letter.action)

    def _replay_some(self, store: ReadableStore, letters: Iterator[Letter]) -> _Tally:
        """Deliver, make durable, and only then remove."""
        tried, delivered = 0, []
        store.hold()
        try:
            for letter in itertools.islice(letters, store.remove_at_once):
                tried += 1
                if self._redelivery.deliver(letter):
                    delivered.append(letter)
                if self._redelivery.is_full:
                    break
        finally:  # also if it is to stop here
            outcome = self._redelivery.make_durable(delivered)
            _remove(store, outcome.durable)
            outcome.say()
        if self._redelivery.is_full:
            self._redelivery.close()
        return _Tally(len(outcome.durable), tried - len(outcome.durable))

    def _say_strangers(self, store: ReadableStore, letters: Iterable[Letter]) -> int:
        """Report how many letters are from actions that are no longer configured: they wait, and block no others."""
        others = (letter.action for letter in letters if letter.action not in self._items and self._is_meant(letter))
        counts = Counter(others)
        for name, count in sorted(counts.most_common(_MOST_NAMED)):
            known = unknown("action", name, self._items)
            say(f"{store.name}: {count} stay: {known}. Configure it again to replay them", err=True)
        if len(counts) > _MOST_NAMED:
            say(f"{store.name}: so do those of {len(counts) - _MOST_NAMED} more unknown actions", err=True)
        return counts.total()


def _files(source: Path) -> list[ReadableStore]:
    if not source.exists():
        raise SetupError(f"there are no dead letters at {source}")
    return [DeadLetterFile(path) for path in (sorted(source.glob("*.jsonl")) if source.is_dir() else [source])]


def _set_aside(store: ReadableStore, unreadable: int) -> None:
    refused = len(store.refused)
    where = store.set_aside()
    done = f"were set aside: {where}" if where else "remain, because they may belong to something else"
    if count := unreadable - (len(store.refused) - refused):
        say(f"{store.name}: {count} that are not dead letters {done}", err=True)


def _say_refused(store: ReadableStore) -> int:
    """Report how many things the place does not return or set aside: they stay, and block no letter."""
    for said in store.refused[:_MOST_NAMED]:
        say(f"{store.name}: stays: {said}", err=True)
    if (more := len(store.refused) - _MOST_NAMED) > 0:
        say(f"{store.name}: so do {more} more", err=True)
    return len(store.refused)


def _remove(store: ReadableStore, letters: list[Letter]) -> None:
    try:
        if letters:
            store.remove(letters)
    except BaseException:
        for letter in letters:
            say(f"{description(letter)}: perhaps not removed; if so, the next replay delivers it again", err=True)
        raise
