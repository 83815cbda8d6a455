"""The interface that every action meets."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, TypeVar

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.worker.records import ChangeRecord, Stream


class ActionSettings(msgspec.Struct, kw_only=True, frozen=True):
    """What every action has in YAML; each type adds keys of its own beside these."""

    name: Annotated[
        str,
        Meta(
            description="The action's name, unique in the file: logs and dead letters carry it.",
            pattern=r"^[A-Za-z0-9_.-]{1,64}$",
            extra={"expected": "1 to 64 letters, digits, dots, underscores or dashes"},
        ),
    ]
    type: Annotated[str, Meta(description="What it does: the name of an installed action.")]


SettingsT = TypeVar("SettingsT", bound=ActionSettings)


class Shard(msgspec.Struct, frozen=True):
    """Where an action's records come from."""

    shard_id: str
    stream: Stream


class InvalidSettingError(ValueError):
    """Raised by an action's constructor: a setting is well-typed, but cannot work. `key` is its name in YAML."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class Action(abc.ABC, Generic[SettingsT]):
    """One configured action in one shard's child process.

    Its life: constructed once, opened once with the shard, given records in stream order, closed. All calls come from
    one thread.
    """

    settings_type: ClassVar[type[ActionSettings]]

    def __init__(self, settings: SettingsT) -> None:
        """Check what the types cannot say; touch nothing outside the process, since `check` constructs actions too.

        Raises:
            InvalidSettingError: a setting cannot work.
        """
        self.settings = settings

    def open(self, shard: Shard) -> None:
        """Get ready for the records of a shard."""

    @abc.abstractmethod
    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        """Act on the records, in order. Returning means that all of them are done.

        Any exception means that they are not: the same records come again, so an action must bear that. What this
        returned for may still be lost by a crash until `flush` has returned too.
        """

    def flush(self) -> None:
        """Make everything delivered so far survive a crash. Called before each checkpoint that passes it."""

    def close(self) -> None:
        """Let go of everything; nothing is delivered after this."""
