"""The real delivery of one shard, without a worker: nothing waits between attempts, and nothing is tried forever."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from record_processor.delivery.fence import Fence
from record_processor.delivery.shard_delivery import ShardDelivery
from record_processor.errors import LeaseLostError
from record_processor.logs.positions import position
from record_processor.system import process_end
from record_processor.testing.outcomes import result_of
from record_processor.testing.results import FeedResult
from record_processor.testing.watched_action import WatchedAction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from record_processor.plugin.action import Action
    from record_processor.records.raw_record import RawRecord
    from record_processor.records.stream import Shard
    from record_processor.testing.fake_lease import FakeLease
    from record_processor.testing.watched_action import Sink


class _HastyFence(Fence):
    """A fence that asks the lease, and does not wait for the next attempt."""

    def sleep(self, _seconds: float, is_over: Callable[[], bool] = lambda: False) -> None:
        super().sleep(0.0, is_over)


class _HastyDelivery(ShardDelivery):
    def __init__(self, actions: Sequence[Action[Any]], lease: FakeLease) -> None:
        super().__init__(actions, lease, grace_seconds=0.0)
        self._fence = _HastyFence(lease, 0.0)


class TrialDelivery:
    """Actions of one shard, opened with the first records."""

    def __init__(
        self,
        actions: Sequence[Action[Any]],
        sinks: Mapping[str, Sink],
        shard: Shard,
        lease: FakeLease,
        attempts: int,
        patience_seconds: float,
    ) -> None:
        """An action that `sinks` names is a fake and calls its sink. `attempts`: as for `WatchedAction`."""
        self._letters = Path(tempfile.mkdtemp(prefix="record-processor-"))
        weakref.finalize(self, shutil.rmtree, self._letters, ignore_errors=True)
        self._watched = [
            WatchedAction(action, sinks.get(action.settings.name), self._letters / f"{number}.jsonl", attempts)
            for number, action in enumerate(actions)
        ]
        self._shard = shard
        self._lease = lease
        self._patience_seconds = patience_seconds
        self._delivery = _HastyDelivery(self._watched, lease)
        self._is_open = False
        self._overdue = ""

    def feed(self, records: Sequence[RawRecord]) -> FeedResult:
        """Deliver records, whose sequence numbers grow, and return when all of them are done.

        Raises:
            TimeoutError: a call did not return; nothing can be fed anymore.
            LeaseLostError, StopRequestedError: a test caused it.
        """
        before = [len(watched.calls) for watched in self._watched]
        with _process_kept(self._call_timeout), self._patience():
            try:
                self._deliver(records)
            except LeaseLostError:
                if self._overdue:
                    raise TimeoutError(self._overdue) from None
                raise
        return FeedResult(
            [
                result_of(watched, records, self._shard.stream, watched.calls[seen:])
                for watched, seen in zip(self._watched, before, strict=True)
            ]
        )

    def close(self) -> None:
        """Close the actions that have no running call."""
        if self._is_open:
            self._delivery.close()

    def _deliver(self, records: Sequence[RawRecord]) -> None:
        if not self._is_open:
            self._delivery.open(self._shard)
            self._is_open = True
        self._delivery.submit(records)
        self._delivery.finish()
        self._delivery.make_durable()

    @contextlib.contextmanager
    def _patience(self) -> Iterator[None]:
        reason = f"patience_seconds, {self._patience_seconds:g} s"
        timer = threading.Timer(self._patience_seconds, self._give_up, [reason])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _give_up(self, limit: str) -> None:
        running = [f"{call.action} at {position(call.thread_id)}" for call in self._delivery.running()]
        self._overdue = f"a call took longer than {limit}: {', '.join(running) or 'the opening of an action'}"
        self._lease.lose()

    def _call_timeout(
        self, _status: int, _thread_id: int | None = None, say: Callable[[], None] | None = None
    ) -> NoReturn:
        """Raise instead of ending the process, which is the test's own."""
        if say is not None:
            say()
        self._give_up("its action's timeout, at which a shard process ends")
        while True:  # the thread that watches the call has nothing more to do
            threading.Event().wait()


@contextlib.contextmanager
def _process_kept(instead: Callable[..., NoReturn]) -> Iterator[None]:
    original = process_end.end
    process_end.end = instead
    try:
        yield
    finally:
        process_end.end = original
