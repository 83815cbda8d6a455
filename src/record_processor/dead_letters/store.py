"""From `dead_letter` in YAML to the place where letters are kept. Only the configured kind is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from record_processor.dead_letters.settings import (
    DynamoDBDeadLetter,
    FileDeadLetter,
    S3DeadLetter,
    SnsDeadLetter,
    SqsDeadLetter,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import DeadLetter
    from record_processor.records.stream import Shard


class Store(Protocol):
    """A place for letters."""

    def store(self, letters: Sequence[Letter]) -> None:
        """Return when the letters are safe. Stored twice, after an error, a letter keeps its id."""


@runtime_checkable
class ReadableStore(Store, Protocol):
    """One whose letters `replay` can take out again."""

    @property
    def name(self) -> str:
        """For messages."""

    @property
    def remove_at_once(self) -> int:
        """So many letters are delivered between two removals; an interruption repeats at most these."""

    @property
    def refused(self) -> list[str]:
        """What the service did not give or set aside, and why: it stays, and holds up nothing else."""

    def read(self) -> tuple[Iterable[Letter], int]:
        """The letters in their order, to be gone through as often as one likes; and how many things there are none."""

    def hold(self) -> None:
        """Keep from others what `read` gave, and forget what they have got. Called before each removal's letters."""

    def remove(self, letters: Collection[Letter]) -> None:
        """Take letters out that `read` gave. Without any, find out whether that is possible."""

    def set_aside(self) -> str | None:
        """Bring what is no letter to where no replay looks.

        Returns:
            where; None where there is no such place.
        """

    def release(self) -> None:
        """Let others have what `read` gave and nobody removed."""


def store_for(settings: DeadLetter, action: str, shard: Shard) -> Store:
    """The place for an action's letters of a shard."""
    if isinstance(settings, FileDeadLetter):
        from record_processor.dead_letters.file import DeadLetterFile

        return DeadLetterFile.of(settings.path, action, shard)
    if isinstance(settings, SnsDeadLetter):
        from record_processor.dead_letters.sns import SnsStore

        return SnsStore(settings, action, shard.stream.region)
    return _elsewhere(settings, action, shard.stream.region)


def readable_stores(settings: DeadLetter, action: str, region: str) -> list[ReadableStore]:
    """Every place where an action's letters of any shard may be; none where they cannot be read back."""
    if isinstance(settings, FileDeadLetter):
        from record_processor.dead_letters.file import DeadLetterFile

        return list(DeadLetterFile.all_of(settings.path, action))
    if isinstance(settings, SnsDeadLetter):
        return []
    return [_elsewhere(settings, action, region)]


def _elsewhere(settings: SqsDeadLetter | S3DeadLetter | DynamoDBDeadLetter, action: str, region: str) -> ReadableStore:
    if isinstance(settings, SqsDeadLetter):
        from record_processor.dead_letters.sqs import SqsStore

        return SqsStore(settings, action, region)
    if isinstance(settings, S3DeadLetter):
        from record_processor.dead_letters.s3 import S3Store

        return S3Store(settings, action, region)
    from record_processor.dead_letters.dynamodb import DynamoDBStore

    return DynamoDBStore(settings, action, region)
