"""The actions of one shard, each with the records that go to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.filters.record_filter import RecordFilter

if TYPE_CHECKING:
    from record_processor.delivery.action_runner import ActionRunner, RunningCall
    from record_processor.delivery.pending_record import PendingRecord


class Route:
    """One action, and the records that go to it."""

    def __init__(self, runner: ActionRunner) -> None:
        self.runner = runner
        self.ordered_as_a_whole = runner.ordered_as_a_whole
        pattern = runner.action.settings.filter
        self.wants = None if pattern is None else RecordFilter(pattern).accepts
        """Returns whether a record is for this action; None if all are."""
        self.entries: list[PendingRecord] = []
        """Routed, but not yet with the runner."""


class Routes:
    """All of them. Only the protocol's thread adds and hands over; any thread may call the rest."""

    def __init__(self) -> None:
        self.each: list[Route] = []

    def add(self, runner: ActionRunner) -> None:
        self.each.append(Route(runner))

    def hand_over(self, records: int) -> None:
        """Give the runners what was routed of this many records."""
        for route in self.each:
            route.runner.counts.took_in(records, len(route.entries))
            if route.entries:
                route.runner.put(route.entries)
                route.entries = []

    def report(self) -> None:
        """Have the runners report what is done now."""
        for route in self.each:
            route.runner.report()

    def flush(self) -> None:
        """Send held batches without waiting for their windows."""
        for route in self.each:
            route.runner.flush()

    def close(self) -> None:
        for route in self.each:
            route.runner.close()

    @property
    def busy(self) -> bool:
        """Whether a call of an action is running."""
        return any(route.runner.busy for route in self.each)

    def running(self) -> list[RunningCall]:
        """Return the running calls of all actions."""
        return [call for route in self.each for call in route.runner.running()]

    def longest_running(self) -> list[RunningCall]:
        """Return that of each action that has been running the longest."""
        return [call for route in self.each for call in route.runner.running()[:1]]
