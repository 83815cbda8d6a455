"""The interface that every action implements, and how it reports failures."""

from __future__ import annotations

import abc
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from record_processor.errors import InvalidSettingError
from record_processor.plugin.settings import ActionSettings
from record_processor.records.stream import Shard

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AddressProbe, AwsProbe
    from record_processor.aws.settings import AwsSettings
    from record_processor.records.change_record import ChangeRecord

SettingsT = TypeVar("SettingsT", bound=ActionSettings)


class Destination(NamedTuple):
    """Where an action writes, to be compared with where others write."""

    key: str
    """The name of the setting."""
    place: Hashable
    """Equal for two actions that write to the same place."""
    harm: str = ""
    """Why two actions cannot share it, and what to do; empty if they can, and only dead letters cannot be there."""
    shared_by_filters: bool = False
    """Whether they can share it if each has a filter."""


class TableWrite(NamedTuple):
    """A DynamoDB table that an action writes to: if the action receives that table's changes, it receives its own."""

    key: str
    """The setting that names it, such as `table`."""
    table: str
    """Its name or ARN."""
    aws: AwsSettings
    may_loop: bool
    """Whether the user allowed it and said what ends the loop."""
    way_out: str
    """What to do otherwise, as a sentence without its period."""


class CallTrace(NamedTuple):
    """What a span says of an action's calls, beside what it says of all calls."""

    kind: Literal["consumer", "producer", "client"] = "consumer"
    """`producer`: it sends messages; `client`: it calls somebody and waits for the answer; `consumer`: all else."""
    attributes: Mapping[str, str | int] = MappingProxyType({})
    """By OpenTelemetry's names, such as `messaging.destination.name`. No secrets."""


class Action(abc.ABC, Generic[SettingsT]):
    """One configured action in one shard process.

    Its life: constructed once, opened once with the shard, given records, closed. `deliver` is called from several
    threads at a time if the settings ask for concurrency, but never with the same item in two of them; an action that
    cannot do that sets `concurrent = False`. `flush` may be called while `deliver` runs.
    """

    settings_type: ClassVar[type[ActionSettings]]
    concurrent: ClassVar[bool] = True
    sets_environment: ClassVar[bool] = False
    """Whether its settings have an `env`, a map of names and values, that belongs into this process's environment."""
    default_batch_size: ClassVar[int] = 1
    """How many records it gets at once if the settings do not say."""
    default_window_seconds: ClassVar[float] = 0.0
    """How many seconds it waits for them if the settings give neither size nor window."""
    needed_images: ClassVar[tuple[Literal["new", "old"], ...]] = ()
    """The images without which it cannot work, whatever its settings say: the stream's view type must have them."""
    example: ClassVar[str] = ""
    """One action of `actions.yaml`, as a user might write it."""

    def __init__(self, settings: SettingsT) -> None:
        """Check what the types cannot express. Touch nothing outside the process, since `check` constructs actions too.

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
        """Return where it writes; None if nothing can interfere with it there."""
        return None

    @property
    def written_table(self) -> TableWrite | None:
        """Return the DynamoDB table that it writes to; None if it writes to none."""
        return None

    @property
    def permissions(self) -> Sequence[Permission] | None:
        """Return the calls of AWS that it makes, for `record-processor iam`; None if that cannot be known."""
        return None

    @property
    def probes(self) -> Sequence[AwsProbe | AddressProbe] | None:
        """Return how `check --online` finds out if it can reach its destination; None if that cannot be known."""
        return None

    @property
    def warning(self) -> str:
        """Return what its settings put at risk, for `check` to report: the action works anyway. Empty if nothing."""
        return ""

    @property
    def call_trace(self) -> CallTrace:
        """Return what a span says of its calls; asked once per shard, and only if the worker traces."""
        return CallTrace()

    def warm_up(self, stream_region: str) -> None:
        """Do what takes long the first time, and all shard processes can share: imports, clients without connections.

        Called in the process from which shard processes are forked, on an action of which each then has a copy. It
        must start no thread and leave nothing open. Errors are ignored: `deliver` meets them again.
        """

    def open(self, shard: Shard) -> None:
        """Get ready for the records of a shard."""

    @abc.abstractmethod
    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        """Process the records, in order. Returning means that all of them are done.

        `PartialFailure` means that those it does not name are done. Any other exception means that none is: the same
        records are delivered again, so an action must tolerate that. Records that this returned for may still be lost
        in a crash until `flush` has returned too.
        """

    def preview(self, record: ChangeRecord) -> Any:
        """Return what `deliver` would send for a record, for `try --dry-run` and tests. Called without `open`.

        Raises:
            PermanentError, UndecodableRecordError: `deliver` would reject it.
        """
        from record_processor.plugin.record_format import FormattedSettings, RecordFormat  # no shard process calls it

        settings: ActionSettings = self.settings
        return RecordFormat(settings).of(record) if isinstance(settings, FormattedSettings) else record.plain

    def flush(self) -> None:
        """Make everything that `deliver` has returned for survive a crash. Called before each checkpoint."""

    def close(self) -> None:
        """Release everything; nothing is delivered afterwards."""

    def abandon(self) -> None:
        """End everything outside this process at once: the process is about to end, perhaps with a hanging call."""
