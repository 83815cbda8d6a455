"""What every action has in YAML, whatever it does: which records, how many at once, and what when it fails."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from record_processor.config.units import ByteSize, Duration
from record_processor.dead_letters.settings import DeadLetter
from record_processor.errors import InvalidSettingError

__all__ = ["ActionSettings", "Batch", "InvalidSettingError", "Retry"]

LARGEST_BATCH = 10_000
LARGEST_CONCURRENCY = 256
LONGEST_WINDOW_SECONDS = 300.0
DEFAULT_BATCH_BYTES = 6 * 1024 * 1024


class Batch(msgspec.Struct, kw_only=True, frozen=True):
    """How many records go to the action at once: as soon as one of the limits is reached."""

    size: Annotated[
        Annotated[int, Meta(ge=1, le=LARGEST_BATCH)] | None,
        Meta(description="At most so many records (1 to 10000).", extra={"expected": "a whole number from 1 to 10000"}),
    ] = None
    window: Annotated[Duration | None, Meta(description="Wait so long for more records.")] = None
    bytes: Annotated[
        ByteSize | None, Meta(description="At most so many bytes of records (6MB); a larger one goes alone.")
    ] = None

    def __post_init__(self) -> None:
        if self.window is not None and self.size is None:
            raise InvalidSettingError("window", "a window without a size: say how many records end the wait")
        if self.window is not None and self.size == 1:
            raise InvalidSettingError("window", "a window with size 1 waits for nothing")
        if self.window is not None and not 0 < self.window <= LONGEST_WINDOW_SECONDS:
            raise InvalidSettingError("window", "expected more than 0s and at most 5m: it delays the checkpoint")
        if self.bytes is not None and self.bytes < 1:
            raise InvalidSettingError("bytes", "expected at least 1")

    @property
    def window_seconds(self) -> float:
        return self.window or 0.0

    @property
    def size_bytes(self) -> int:
        return self.bytes or DEFAULT_BATCH_BYTES


class Retry(msgspec.Struct, kw_only=True, frozen=True):
    """When to give a record up to the dead letters; the default is never."""

    max_attempts: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="After so many tries.", extra={"expected": "a whole number of at least 1"}),
    ] = None
    max_age: Annotated[Duration | None, Meta(description="Once the change itself is so old.")] = None

    def __post_init__(self) -> None:
        if self.max_age is not None and self.max_age <= 0:
            raise InvalidSettingError("max_age", "an age of zero gives every record up before its first try")


class ActionSettings(msgspec.Struct, kw_only=True, frozen=True):
    """The keys of every action; each type adds its own beside these."""

    name: Annotated[
        str,
        Meta(
            description="The action's name, unique in the file: logs and dead letters carry it.",
            # To Python a $ is before a last line break too; a letter with such a name is none when it is read.
            pattern=r"^[A-Za-z0-9_.-]{1,64}$(?!\n)",
            extra={"expected": "1 to 64 letters, digits, dots, underscores or dashes"},
        ),
    ]
    type: Annotated[str, Meta(description="What it does: the name of an installed action.")]
    filter: Annotated[
        dict[str, Any] | list[dict[str, Any]] | None,
        Meta(description="Which records it gets: a pattern as EventBridge and Lambda have it, or a list of them."),
    ] = None
    batch: Annotated[Batch, Meta(description="How many records it gets at once.")] = Batch()
    concurrency: Annotated[
        int,
        Meta(
            description="How many calls run at a time on a shard (1 to 256); order per item is kept.",
            ge=1,
            le=LARGEST_CONCURRENCY,
            extra={"expected": "a whole number from 1 to 256"},
        ),
    ] = 1
    retry: Annotated[Retry, Meta(description="When to give up.")] = Retry()
    bisect_on_error: Annotated[
        bool, Meta(description="Split a failing batch in two, again and again, to isolate the record.")
    ] = False
    dead_letter: Annotated[DeadLetter | None, Meta(description="Where records go that cannot be delivered.")] = None

    def __post_init__(self) -> None:
        if self.dead_letter is None and (self.retry.max_attempts is not None or self.retry.max_age is not None):
            raise InvalidSettingError("retry", "giving up needs a dead_letter: without one the record would be lost")
