"""The interface that every action meets, and how it says what went wrong."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from record_processor.errors import InvalidSettingError
from record_processor.plugin.settings import ActionSettings
from record_processor.records.stream import Shard

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from record_processor.aws.settings import AwsSettings
    from record_processor.records.change_record import ChangeRecord

SettingsT = TypeVar("SettingsT", bound=ActionSettings)


class Destination(NamedTuple):
    """Where an action writes, to be compared with where others do."""

    key: str
    """The setting that says so."""
    place: Hashable
    """Equal for two actions that write to the same place."""
    harm: str = ""
    """Why two actions cannot share it, and what to do; empty where they can, and only dead letters cannot be there."""
    shared_by_filters: bool = False
    """Whether they can share it where each has a filter."""


class TableWrite(NamedTuple):
    """A DynamoDB table that an action writes to: where the action gets the changes of that table, it gets its own."""

    key: str
    """The setting that names it, such as `table`."""
    table: str
    """Its name or ARN."""
    aws: AwsSettings
    may_loop: bool
    """Whether the user has said so, and what ends the loop."""
    way_out: str
    """What to do otherwise, as a sentence without its full stop."""


class Action(abc.ABC, Generic[SettingsT]):
    """One configured action in one shard process.

    Its life: constructed once, opened once with the shard, given records, closed. `deliver` is called from several
    threads at a time where the settings ask for concurrency, never with the same item in two of them; an action that
    cannot bear that says `concurrent = False`. `flush` may be called while `deliver` runs.
    """

    settings_type: ClassVar[type[ActionSettings]]
    concurrent: ClassVar[bool] = True
    sets_environment: ClassVar[bool] = False
    """Whether its settings have an `env`, a map of names and values, that belongs into this process's environment."""
    default_batch_size: ClassVar[int] = 1
    """How many records it gets at once where the settings do not say."""
    default_window_seconds: ClassVar[float] = 0.0
    """How long it waits for so many where the settings say neither."""
    example: ClassVar[str] = ""
    """One action of `actions.yaml`, as a user might write it."""

    def __init__(self, settings: SettingsT) -> None:
        """Check what the types cannot say; touch nothing outside the process, since `check` constructs actions too.

        Raises:
            InvalidSettingError: a setting cannot work.
        """
        if settings.concurrency > 1 and not self.concurrent:
            message = f"an action of type {settings.type!r} works in stream order, one call at a time"
            raise InvalidSettingError("concurrency", message)
        self.settings = settings
        if settings.bisect_on_error and self.batch_size == 1:
            raise InvalidSettingError("bisect_on_error", "a batch of size 1 cannot be split: set batch.size")

    @property
    def batch_size(self) -> int:
        return self.settings.batch.size or self.default_batch_size

    @property
    def window_seconds(self) -> float:
        batch = self.settings.batch
        return self.default_window_seconds if batch.size is None and batch.window is None else batch.window_seconds

    @property
    def destination(self) -> Destination | None:
        """Where it writes; None where nothing can get in its way there."""
        return None

    @property
    def written_table(self) -> TableWrite | None:
        """The DynamoDB table that it writes to; None where it writes to none."""
        return None

    @property
    def warning(self) -> str:
        """What its settings put at risk, for `check` to say: it works all the same. The empty string where nothing."""
        return ""

    def open(self, shard: Shard) -> None:
        """Get ready for the records of a shard."""

    @abc.abstractmethod
    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        """Act on the records, in order. Returning means that all of them are done.

        `PartialFailure` means that those it does not name are. Any other exception means that none is: the same
        records come again, so an action must bear that. What this returned for may still be lost by a crash until
        `flush` has returned too.
        """

    def preview(self, record: ChangeRecord) -> Any:
        """Return what `deliver` would send for a record, for `try --dry-run` and tests. Called without `open`.

        Raises:
            PermanentError, UndecodableRecordError: `deliver` would refuse it.
        """
        from record_processor.plugin.record_format import FormattedSettings, RecordFormat  # no shard process asks

        settings: ActionSettings = self.settings
        return RecordFormat(settings).of(record) if isinstance(settings, FormattedSettings) else record.plain

    def flush(self) -> None:
        """Make everything that `deliver` has returned for survive a crash. Called before each checkpoint."""

    def close(self) -> None:
        """Let go of everything; nothing is delivered after this."""

    def abandon(self) -> None:
        """Leave nothing running outside this process, at once: it is about to end, with a call that hangs perhaps."""
