"""From `dead_letter` in YAML to the place of the letters. Only the configured kind is imported."""

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
        """Store letters and return when they are durable. A letter that is stored twice keeps its id."""


@runtime_checkable
class ReadableStore(Store, Protocol):
    """A store from which `replay` can take letters out again."""

    @property
    def name(self) -> str:
        """Its name in messages."""

    @property
    def remove_at_once(self) -> int:
        """How many letters are delivered between two removals; an interruption repeats at most these."""

    @property
    def refused(self) -> list[str]:
        """What the service did not return or set aside, and why: it stays, and blocks nothing else."""

    def read(self, most: int | None = None) -> tuple[Iterable[Letter], int]:
        """Return the letters in stream order, for any number of iterations, and how many things are not letters.

        With `most`, a service is not asked for more when there are that many; a file is read while it is iterated over.
        """

    def hold(self) -> None:
        """Hide from others what `read` returned; forget what they received. Called before each removal's letters."""

    def has(self, letter: Letter) -> bool:
        """Whether a letter that `read` returned is still ours: `hold` may have found that it is not."""

    def remove(self, letters: Collection[Letter]) -> None:
        """Remove letters that `read` returned. Without any, find out whether removing is possible."""

    def discard(self, fingerprints: Collection[bytes]) -> None:
        """Remove letters that `read` returned; a file is written anew once for all of them."""

    def set_aside(self) -> str | None:
        """Move what is not a letter to where no replay looks.

        Returns:
            where; None if there is no such place.
        """

    def set_letters_aside(self, fingerprints: Collection[bytes]) -> str | None:
        """Do the same with letters that `read` returned."""

    def release(self) -> None:
        """Let others have what `read` returned and nobody removed."""


def store_for(settings: DeadLetter, action: str, shard: Shard) -> Store:
    """Return the place for an action's letters of a shard."""
    if isinstance(settings, FileDeadLetter):
        from record_processor.dead_letters.file import DeadLetterFile

        return DeadLetterFile.of(settings.path, action, shard)
    if isinstance(settings, SnsDeadLetter):
        from record_processor.dead_letters.sns import SnsStore

        return SnsStore(settings, action, shard.stream.region)
    return _elsewhere(settings, action, shard.stream.region)


def warm_up(settings: DeadLetter | None, region: str) -> None:
    """Do once, before shard processes are forked, what each of them would do for its first letter.

    An outage may bring the first letter of all of them at the same time: that is no moment to import the SDK.
    """
    if settings is None or isinstance(settings, FileDeadLetter):
        return
    from record_processor.aws.settings import client

    if isinstance(settings, SqsDeadLetter):
        client("sqs", settings.aws, region, settings.queue_url)
    elif isinstance(settings, SnsDeadLetter):
        client("sns", settings.aws, region, settings.topic_arn)
    elif isinstance(settings, S3DeadLetter):
        client("s3", settings.aws, region)
    else:
        client("dynamodb", settings.aws, region, settings.table)


def readable_stores(settings: DeadLetter, action: str, region: str) -> list[ReadableStore]:
    """Return every place where an action's letters of any shard may be; none if they cannot be read back."""
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
