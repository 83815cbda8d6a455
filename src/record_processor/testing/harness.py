"""What tests feed changes to: the actions of an `actions.yaml`, or actions that a test has made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from record_processor.catalog.actions_file import read_actions
from record_processor.catalog.build import build_actions
from record_processor.config import convert
from record_processor.config.wording import unknown, written_path
from record_processor.errors import ConfigError, InvalidConfigError
from record_processor.plugin.action import Action
from record_processor.records.stream import Shard
from record_processor.testing.changes import sequence_number, stream_of
from record_processor.testing.fake_lease import FakeLease
from record_processor.testing.handler_calls import SHARD_ID
from record_processor.testing.trial_delivery import TrialDelivery
from record_processor.testing.watched_action import FakeSink

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from types import TracebackType

    from record_processor.testing.changes import Change
    from record_processor.testing.results import FeedResult
    from record_processor.testing.watched_action import Sink

ATTEMPTS = 3
PATIENCE_SECONDS = 60.0

HarnessT = TypeVar("HarnessT", bound="DeliveryHarness")
ActionT = TypeVar("ActionT", bound=Action[Any])


class DeliveryHarness:
    """The delivery of one shard, as a worker has it, with a lease of the test's own and without waiting for retries.

    Actions are opened by the first `feed` and closed by `close`, or at the end of a `with` block. Their calls run in
    threads of their own, as in a worker.

    Args:
        actions: real ones, see `make_action`.
        sinks: what is called instead of an action, by the action's name: any function that takes records and raises
            what an action may raise, such as a `FakeSink`.
        table: the name of the table that the changes are from.
        lease: the lease to take away.
        attempts: after so many failed attempts `feed` goes on with the next record where a worker never would.
        patience_seconds: how long one `feed` may take.
    """

    def __init__(
        self,
        *actions: Action[Any],
        sinks: Mapping[str, Sink] | None = None,
        table: str = "Table",
        lease: FakeLease | None = None,
        attempts: int = ATTEMPTS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        _check_names("sinks", sinks or {}, actions)
        self.lease = lease or FakeLease()
        self._fed = 0
        shard = Shard(SHARD_ID, stream_of(table))
        self._delivery = TrialDelivery(actions, sinks or {}, shard, self.lease, attempts, patience_seconds)

    def feed(self, *changes: Change) -> FeedResult:
        """Deliver changes, in order, and return what every action did with each once all are done and durable.

        Raises:
            TimeoutError: a call did not return in time. Nothing can be fed anymore.
            LeaseLostError: the lease was lost. Nothing can be fed anymore.
            StopRequestedError: a stop was requested, and not all changes were done by then.
        """
        records = [change.raw(sequence_number(self._fed + position)) for position, change in enumerate(changes)]
        self._fed += len(changes)
        return self._delivery.feed(records)

    def close(self) -> None:
        """Close the actions."""
        self._delivery.close()

    def __enter__(self: HarnessT) -> HarnessT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Actions(DeliveryHarness):
    """All actions of an `actions.yaml`. `python` actions call their handlers; the others are fakes that send nothing.

    A fake does everything that its action does before it sends, and `ActionResult.payloads` shows what it would send.
    Dead letters are not stored anywhere either. Handlers are imported from the working directory, as by a worker.

    Args:
        path: the file.
        real: the names of actions that really send, or True for all of them.
        sinks: as for `DeliveryHarness`; a `python` action named here does not call its handler.
        table: as for `DeliveryHarness`, like all others.
        attempts: see there.
        patience_seconds: see there.

    Raises:
        InvalidConfigError: the file has errors; the message has all of them, with their lines.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        real: Collection[str] | bool = (),
        sinks: Mapping[str, Sink] | None = None,
        table: str = "Table",
        attempts: int = ATTEMPTS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        import_from_working_directory()
        actions = build_actions(read_actions(Path(path)))
        _check_names("real", () if isinstance(real, bool) else real, actions)
        all_sinks: dict[str, Sink] = {name: FakeSink() for name in fake_names(actions, real)}
        all_sinks.update(sinks or {})
        super().__init__(
            *actions,
            sinks=all_sinks,
            table=table,
            attempts=attempts,
            patience_seconds=patience_seconds,
        )


def make_action(action_class: type[ActionT], name: str = "test", **settings: Any) -> ActionT:
    """An action with settings as in `actions.yaml`, such as `timeout="5s"`; what is missing has its default.

    Raises:
        InvalidConfigError: the settings have errors; the message has all of them.
        InvalidSettingError: the action's constructor refuses one.
    """
    converted, problems = convert.convert({"type": "test", **settings, "name": name}, action_class.settings_type)
    if converted is None:
        raise InvalidConfigError([ConfigError(written_path(place), message) for place, message in problems])
    return action_class(converted)


def fake_names(actions: Sequence[Action[Any]], real: Collection[str] | bool) -> list[str]:
    """Return the actions that send nothing: all but `python` and those that are to be real."""
    if real is True:
        return []
    kept = real or ()
    return [one.settings.name for one in actions if one.settings.type != "python" and one.settings.name not in kept]


def import_from_working_directory() -> None:
    """Make modules of handlers importable from where a shard process finds them."""
    if "" not in sys.path:
        sys.path.insert(0, "")


def _check_names(argument: str, named: Collection[str], actions: Sequence[Action[Any]]) -> None:
    names = [action.settings.name for action in actions]
    for name in named:
        if name not in names:
            raise ValueError(f"{argument}: {unknown('action', name, names)}")
