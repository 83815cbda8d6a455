"""`record-processor replay`: dead letters through their actions again.

A letter is removed after its action is done with it and has made that safe; interrupted in between, it is delivered
once more by the next replay, and never lost. A worker may go on adding letters meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from record_processor.actions.base import Action, NotTriedError, PartialFailure, Shard
from record_processor.aws import explained
from record_processor.configuration.build import build_actions
from record_processor.configuration.mistakes import unknown
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.store import readable_stores
from record_processor.errors import SetupError
from record_processor.redaction import redacted
from record_processor.worker.records import Stream, decode

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.store import ReadableStore

# So many letters are delivered between two flushes and removals; an interruption repeats at most these.
_REMOVE_EVERY = 50


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
        """Action, stream and keys: a later change of one of these must not overtake the one that failed again."""
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
            SetupError: there is no such file, or a letter's action is not configured.
        """
        total = _Tally(0, 0)
        for store in self._configured() if source is None else map(DeadLetterFile, _files(source)):
            try:
                with explained(store.name):
                    total += self._replay_store(store)
            finally:
                store.release()
        verb = "would be replayed" if self._dry_run else "succeeded and were removed"
        click.echo(f"{total.done} {verb}, {total.failed} failed and stay")
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
                click.echo(f"{name}: no dead letters that can be read back", err=True)
            stores.update({store.name: store for store in found})
        return list(stores.values())

    def _replay_store(self, file: ReadableStore) -> _Tally:
        letters, unreadable = file.read()
        chosen = [letter for letter in letters if self._only_action in (None, letter.action)]
        self._refuse_unknown_actions(file, chosen)
        if unreadable:
            click.echo(f"{file.name}: {unreadable} that are no letters stay", err=True)
        if self._dry_run:
            for letter in chosen:
                click.echo(_described(letter))
            return _Tally(len(chosen), unreadable)
        total = _Tally(0, unreadable)
        for start in range(0, len(chosen), _REMOVE_EVERY):
            total += self._replay_some(file, chosen[start : start + _REMOVE_EVERY])
        return total

    def _replay_some(self, file: ReadableStore, letters: list[Letter]) -> _Tally:
        """Deliver, make safe, and only then remove."""
        done = [letter for letter in letters if self._deliver(letter)]
        if done:
            for action in {id(action): action for action in self._opened.values()}.values():
                action.flush()
            file.remove({letter.id for letter in done})
        return _Tally(len(done), len(letters) - len(done))

    def _deliver(self, letter: Letter) -> bool:
        item = (letter.action, letter.stream_arn, b"")
        try:
            record = decode(letter.raw, Stream(letter.stream_arn, self._region), letter.sequence_number)
            item = (letter.action, letter.stream_arn, record.raw_keys)
            if item in self._failed_items:
                raise NotTriedError
            self._action_for(letter).deliver([record])
        except (Exception, SystemExit) as error:
            self._failed_items.add(item)
            reason = redacted(f"{type(error).__name__}: {_reason(error)}")
            click.echo(f"{_described(letter)}: failed again: {reason}", err=True)
            return False
        click.echo(f"{_described(letter)}: done")
        return True

    def _action_for(self, letter: Letter) -> Action[Any]:
        key = (letter.action, letter.shard_id, letter.stream_arn)
        if key not in self._opened:
            (action,) = build_actions([self._items[letter.action]])
            action.open(Shard(letter.shard_id, Stream(letter.stream_arn, self._region)))
            self._opened[key] = action
        return self._opened[key]

    def _refuse_unknown_actions(self, file: ReadableStore, letters: list[Letter]) -> None:
        for letter in letters:
            if letter.action not in self._items:
                raise SetupError(
                    f"{file.name}: a letter is from {unknown('action', letter.action, self._items)}. "
                    "Configure it again, or choose others with --action"
                )


def _reason(error: BaseException) -> BaseException:
    """Of the one record that was delivered."""
    return error.failures.get(0, error) if isinstance(error, PartialFailure) else error


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(source.glob("*.jsonl"))
    if not source.exists():
        raise SetupError(f"there are no dead letters at {source}")
    return [source]


def _described(letter: Letter) -> str:
    table = Stream(letter.stream_arn).table
    return f"{letter.action}: {table} {letter.sequence_number} ({letter.error.type}: {letter.error.message})"
