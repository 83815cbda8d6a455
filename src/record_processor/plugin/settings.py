"""What every action has in YAML: which records, how many at once, and what happens when it fails."""

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
        Meta(
            description="Maximum number of records per batch (1 to 10000).",
            extra={"expected": "a whole number from 1 to 10000"},
        ),
    ] = None
    window: Annotated[Duration | None, Meta(description="How long to wait for more records.")] = None
    bytes: Annotated[
        ByteSize | None, Meta(description="Maximum size of a batch. Default: 6MB. A larger record is sent alone.")
    ] = None

    def __post_init__(self) -> None:
        if self.window is not None and self.size is None:
            raise InvalidSettingError("window", "a window needs a size: set how many records end the wait")
        if self.window is not None and self.size == 1:
            raise InvalidSettingError("window", "a window has no effect with size 1")
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
        Meta(
            description="Give up after this many failed attempts.", extra={"expected": "a whole number of at least 1"}
        ),
    ] = None
    max_age: Annotated[
        Duration | None, Meta(description="Give up when the change is older than this, such as `1h`.")
    ] = None

    def __post_init__(self) -> None:
        if self.max_age is not None and self.max_age <= 0:
            raise InvalidSettingError("max_age", "an age of zero gives up every record before its first attempt")


class ActionSettings(msgspec.Struct, kw_only=True, frozen=True):
    """The keys of every action; each type adds its own beside these."""

    name: Annotated[
        str,
        Meta(
            description="Name of the action, unique in the file. It appears in logs and dead letters.",
            # In Python a $ also matches before a final line break; a letter with such a name would not be read as one.
            pattern=r"^[A-Za-z0-9_.-]{1,64}$(?!\n)",
            extra={"expected": "1 to 64 letters, digits, dots, underscores or dashes"},
        ),
    ]
    type: Annotated[str, Meta(description="Type of the action: the name of an installed action.")]
    filter: Annotated[
        dict[str, Any] | list[dict[str, Any]] | None,
        Meta(
            description="Which records the action receives: an event pattern as in EventBridge and Lambda, or a list "
            "of patterns."
        ),
    ] = None
    batch: Annotated[Batch, Meta(description="How many records the action receives per call.")] = Batch()
    concurrency: Annotated[
        int,
        Meta(
            description="How many calls run concurrently per shard (1 to 256). Order per item is preserved.",
            ge=1,
            le=LARGEST_CONCURRENCY,
            extra={"expected": "a whole number from 1 to 256"},
        ),
    ] = 1
    retry: Annotated[Retry, Meta(description="When to give up on a record.")] = Retry()
    bisect_on_error: Annotated[
        bool, Meta(description="Split a failing batch in half repeatedly to isolate the failing record.")
    ] = False
    dead_letter: Annotated[
        DeadLetter | None, Meta(description="Where to store records that could not be delivered.")
    ] = None

    def __post_init__(self) -> None:
        if self.dead_letter is None and (self.retry.max_attempts is not None or self.retry.max_age is not None):
            raise InvalidSettingError("retry", "giving up needs a dead_letter: without one the record would be lost")
