"""Dead letters through their actions, one at a time: delivered, then made durable, and only then removed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.catalog.build import build_actions
from record_processor.errors import NotTriedError, PartialFailure, UndecodableRecordError, described
from record_processor.logs.terminal import say
from record_processor.records.change_record import decode
from record_processor.records.stream import Shard, Stream
from record_processor.system.stop_signals import StopSignal
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from record_processor.dead_letters.letter import Letter
    from record_processor.plugin.action import Action
    from record_processor.records.change_record import ChangeRecord

# Each shard has its own action, perhaps with a program; and a letter may name any shard.
_MOST_OPEN = 64
_LONGEST_SHOWN = 300


class _Key(NamedTuple):
    """What an action is opened for."""

    action: str
    shard_id: str
    stream_arn: str


class _Item(NamedTuple):
    """What keeps its order."""

    action: str
    table_arn: str
    keys_hash: bytes
    """Whoever writes letters chooses how long their keys are."""


class Outcome(NamedTuple):
    """What became of letters that were delivered."""

    durable: list[Letter]
    failed: list[tuple[Letter, Exception]]

    def say(self) -> None:
        """Print it: only once durable letters are removed, since nobody may be reading anymore."""
        for letter, error in self.failed:
            _say_failure(letter, error)
        for letter in self.durable:
            say(f"{description(letter)}: done")


class Redelivery:
    """The actions through which letters go again, opened as needed."""

    def __init__(self, items: dict[str, dict[str, Any]], region: str) -> None:
        self._items = items
        self._region = region
        self._opened: dict[_Key, Action[Any]] = {}
        self._failed_items: set[_Item] = set()
        """A later change of one of these must not overtake the one that failed again."""
        self._passed_items: set[_Item] = set()
        """Nor one that was passed over because it is not chosen."""
        self._unsafe_items: dict[_Key, list[_Item]] = {}
        """What was delivered and may still be lost."""

    @property
    def is_full(self) -> bool:
        """Whether so many actions are open that they should be closed once their work is durable."""
        return len(self._opened) >= _MOST_OPEN

    def pass_over(self, letter: Letter) -> None:
        """Do not deliver a letter, nor any later one of its item: that would end with the older change."""
        item = self._item_of(letter)
        if item is not None and not letter.left_out:  # what can never go holds up nothing
            self._passed_items.add(item)

    def obstacle(self, letter: Letter) -> str | None:
        """Return why a letter has to stay, whatever its action would say; None if it may go."""
        if letter.left_out:
            return f"stored {_without(letter)}, so it cannot be replayed"
        if self._passed_items and self._item_of(letter) in self._passed_items:
            return "waits for an earlier letter of its item that is not chosen"
        return None

    def deliver(self, letter: Letter) -> bool:
        """Deliver a letter; return whether its action accepted it, and print why if not."""
        if (obstacle := self.obstacle(letter)) is not None:
            say(f"{description(letter)}: stays: {obstacle}", err=True)
            return False
        item = _Item(letter.action, Stream(letter.stream_arn).table_arn, b"")
        try:
            record = self._record_of(letter)
            item = _item_of(letter, record)
            if item in self._failed_items:
                raise NotTriedError
            self._action_for(letter).deliver([record])
        except (KeyboardInterrupt, StopSignal):  # from whoever sits in front of it
            raise
        except BaseException as error:  # whatever a handler raises means that it has failed, and nothing more
            self._failed_items.add(item)
            _say_failure(letter, error)
            return False
        self._unsafe_items.setdefault(_key_of(letter), []).append(item)
        return True

    def make_durable(self, delivered: list[Letter]) -> Outcome:
        """Have the actions make durable what was delivered; one that cannot fails only its own letters."""
        broken: dict[_Key, Exception] = {}
        for key in dict.fromkeys(map(_key_of, delivered)):
            try:
                self._opened[key].flush()
            except Exception as error:  # an action of anybody's
                broken[key] = error
                self._failed_items.update(self._unsafe_items[key])
        self._unsafe_items.clear()
        return Outcome(
            [letter for letter in delivered if _key_of(letter) not in broken],
            [(letter, broken[_key_of(letter)]) for letter in delivered if _key_of(letter) in broken],
        )

    def close(self) -> None:
        """Close all actions; those that are needed again are opened again."""
        while self._opened:
            key, action = self._opened.popitem()
            try:
                action.close()
            except Exception as error:  # its work was made durable before
                say(f"{key.action}: cannot be closed: {described(error)}", err=True)

    def _record_of(self, letter: Letter) -> ChangeRecord:
        return decode(letter.raw, Stream(letter.stream_arn, self._region), letter.sequence_number)

    def _item_of(self, letter: Letter) -> _Item | None:
        try:
            return _item_of(letter, self._record_of(letter))
        except UndecodableRecordError:
            return None

    def _action_for(self, letter: Letter) -> Action[Any]:
        key = _key_of(letter)
        if key not in self._opened:
            (action,) = build_actions([self._items[letter.action]])
            action.open(Shard(letter.shard_id, Stream(letter.stream_arn, self._region)))
            self._opened[key] = action
        return self._opened[key]


def _item_of(letter: Letter, record: ChangeRecord) -> _Item:
    return _Item(letter.action, record.stream.table_arn, hashlib.sha256(record.raw_keys).digest())


def description(letter: Letter) -> str:
    """Print one line; its content is not trusted."""
    table = Stream(letter.stream_arn).table
    error = _short(f"{letter.error.type}: {letter.error.message}")
    return f"{letter.action}: {table} {letter.sequence_number} ({error})"


def _say_failure(letter: Letter, error: BaseException) -> None:
    if isinstance(error, PartialFailure):
        error = error.failures.get(0, error)  # for the one record that was delivered
    say(f"{description(letter)}: failed again: {described(error)}", err=True)


def _without(letter: Letter) -> str:
    return f"without {_short(' and '.join(letter.left_out))}, for which its place had no room"


def _short(text: str) -> str:
    return shortened(text, _LONGEST_SHOWN, mark="…")


def _key_of(letter: Letter) -> _Key:
    return _Key(letter.action, letter.shard_id, letter.stream_arn)
