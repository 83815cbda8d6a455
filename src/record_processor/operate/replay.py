"""`record-processor replay`: dead letters through their actions again.

A letter is removed after its action is done with it and has made that safe; interrupted in between, it is delivered
once more by the next replay, and never lost. A worker may go on adding letters meanwhile.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.actions.base import Action, NotTriedError, PartialFailure, Shard
from record_processor.aws import explained
from record_processor.configuration.build import build_actions
from record_processor.configuration.mistakes import unknown
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.store import readable_stores
from record_processor.errors import SetupError, message_of
from record_processor.operate.terminal import say
from record_processor.worker.records import Stream, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.store import ReadableStore


class _Tally(NamedTuple):
    done: int
    failed: int

    def __add__(self, other: _Tally) -> _Tally:  # type: ignore[override]
        return _Tally(self.done + other.done, self.failed + other.failed)


class Replay:
    """One pass over the letters of a place, or of every place that the actions' `dead_letter` names."""

    def __init__(self, actions: list[dict[str, Any]], only_action: str | None, dry_run: bool, region: str) -> None:
        self._region = region
        self._failed_items: set[tuple[str, str, bytes]] = set()
        """Action, table and keys: a later change of one of these must not overtake the one that failed again."""
        self._items = {item["name"]: item for item in actions}
        self._dry_run = dry_run
        self._opened: dict[tuple[str, str, str], Action[Any]] = {}
        if only_action is not None and only_action not in self._items:
            raise SetupError(f"--action: {unknown('action', only_action, self._items)}")
        self._only_action = only_action

    def run(self, source: Path | None) -> int:
        """Replay a file, every `*.jsonl` of a folder, or without a source what is configured.

        Returns:
            0 where every letter chosen succeeded, else 1.

        Raises:
            SetupError: there is no such file, or it cannot be read or written.
        """
        total = _Tally(0, 0)
        for store in self._configured() if source is None else _files(source):
            try:
                with explained(store.name, "the endpoint of the dead letters"):
                    total += self._replay_store(store, named=source is not None)
            except OSError as error:
                raise SetupError(f"{store.name}: {error}") from error
            finally:
                store.release()
        verb = "would be replayed" if self._dry_run else "succeeded and were removed"
        say(f"{total.done} {verb}, {total.failed} failed and stay")
        return 1 if total.failed else 0

    def _configured(self) -> list[ReadableStore]:
        """Where letters of the chosen actions may be; a place that two of them share, once."""
        stores: dict[str, ReadableStore] = {}
        for name, item in self._items.items():
            settings = build_actions([item])[0].settings.dead_letter
            if settings is None or self._only_action not in (None, name):
                continue
            found = readable_stores(settings, name, self._region)
            if not found:
                say(f"{name}: no dead letters that can be read back", err=True)
            stores.update({store.name: store for store in found})
        return list(stores.values())

    def _replay_store(self, store: ReadableStore, named: bool) -> _Tally:
        letters, unreadable = store.read()
        strangers = self._say_strangers(store, letters)
        if self._dry_run:
            return self._say_what_would_be_done(store, letters, unreadable) + _Tally(0, strangers)
        if unreadable and named and not any(True for _ in letters):
            # More likely another file than letters that are all broken.
            say(f"{store.name}: none of its {unreadable} lines is a dead letter; it is left as it is", err=True)
            return _Tally(0, unreadable)
        if unreadable:
            _set_aside(store, unreadable)
        store.remove(())  # that letters cannot be removed is known now, not when the first were delivered
        total = _Tally(0, strangers)
        chosen = self._chosen(letters)
        while some := list(itertools.islice(chosen, store.remove_at_once)):
            total += self._replay_some(store, some)
        return total

    def _say_what_would_be_done(self, store: ReadableStore, letters: Iterable[Letter], unreadable: int) -> _Tally:
        count = 0
        for letter in self._chosen(letters):
            say(_described(letter))
            count += 1
        if unreadable:
            say(f"{store.name}: {unreadable} are no letters", err=True)
        return _Tally(count, 0)

    def _chosen(self, letters: Iterable[Letter]) -> Iterator[Letter]:
        return (letter for letter in letters if letter.action in self._items and self._is_meant(letter))

    def _is_meant(self, letter: Letter) -> bool:
        return self._only_action in (None, letter.action)

    def _replay_some(self, store: ReadableStore, letters: list[Letter]) -> _Tally:
        """Deliver, make safe, and only then remove."""
        done = [letter for letter in letters if self._deliver(letter)]
        if done:
            for action in {id(action): action for action in self._opened.values()}.values():
                action.flush()
            store.remove(done)
        return _Tally(len(done), len(letters) - len(done))

    def _deliver(self, letter: Letter) -> bool:
        if letter.left_out:
            say(f"{_described(letter)}: stays: stored {_without(letter)}, so it cannot be replayed", err=True)
            return False
        stream = Stream(letter.stream_arn, self._region)
        item = (letter.action, stream.table_arn, b"")
        try:
            record = decode(letter.raw, stream, letter.sequence_number)
            item = (letter.action, stream.table_arn, record.raw_keys)
            if item in self._failed_items:
                raise NotTriedError
            self._action_for(letter).deliver([record])
        except KeyboardInterrupt:  # of whoever sits in front of it
            raise
        except BaseException as error:  # whatever a handler raises says that it has failed, no more
            self._failed_items.add(item)
            reason = f"{type(error).__name__}: {message_of(_reason(error))}"
            say(f"{_described(letter)}: failed again: {reason}", err=True)
            return False
        say(f"{_described(letter)}: done")
        return True

    def _action_for(self, letter: Letter) -> Action[Any]:
        key = (letter.action, letter.shard_id, letter.stream_arn)
        if key not in self._opened:
            (action,) = build_actions([self._items[letter.action]])
            action.open(Shard(letter.shard_id, Stream(letter.stream_arn, self._region)))
            self._opened[key] = action
        return self._opened[key]

    def _say_strangers(self, store: ReadableStore, letters: Iterable[Letter]) -> int:
        """How many letters are from actions that are not configured (any more): they wait, and hold up no other."""
        others = (letter.action for letter in letters if letter.action not in self._items and self._is_meant(letter))
        counts = Counter(others)
        for name, count in sorted(counts.items()):
            known = unknown("action", name, self._items)
            say(f"{store.name}: {count} stay: {known}. Configure it again to replay them", err=True)
        return counts.total()


def _reason(error: BaseException) -> BaseException:
    """Of the one record that was delivered."""
    return error.failures.get(0, error) if isinstance(error, PartialFailure) else error


def _files(source: Path) -> list[ReadableStore]:
    if not source.exists():
        raise SetupError(f"there are no dead letters at {source}")
    return [DeadLetterFile(path) for path in (sorted(source.glob("*.jsonl")) if source.is_dir() else [source])]


def _set_aside(store: ReadableStore, unreadable: int) -> None:
    where = store.set_aside()
    done = f"were set aside: {where}" if where else "stay: they may be somebody else's"
    say(f"{store.name}: {unreadable} that are no letters {done}", err=True)


def _without(letter: Letter) -> str:
    return f"without {' and '.join(letter.left_out)}, for which its place had no room"


def _described(letter: Letter) -> str:
    table = Stream(letter.stream_arn).table
    return f"{letter.action}: {table} {letter.sequence_number} ({letter.error.type}: {letter.error.message})"
