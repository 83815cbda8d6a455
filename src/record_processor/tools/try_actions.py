"""`record-processor try`: records through the actions, without a stream, a lease or a dead letter."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from record_processor.catalog.build import build_actions
from record_processor.config.wording import unknown
from record_processor.errors import ActionError, SetupError, traceback_of
from record_processor.logs.terminal import say, say_lines
from record_processor.plugin.record_format import encoded
from record_processor.records.stream import Shard
from record_processor.testing.fake_lease import FakeLease
from record_processor.testing.harness import ATTEMPTS
from record_processor.testing.results import OUTCOMES
from record_processor.testing.trial_delivery import TrialDelivery
from record_processor.testing.watched_action import FakeSink

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from record_processor.testing.results import ActionResult, FeedResult, RecordResult
    from record_processor.tools.sample_records import SampleRecord

_OURS = str(Path(__file__).parents[1])
_SHARD_ID = "shardId-try"
_PATIENCE_SECONDS = 16 * 60.0
"""A handler may take 15 minutes."""


class Try:
    """One look at what actions do with records.

    Args:
        actions: checked content, as `check` gives it.
        only_action: leave out all others; None: none.
        dry_run: show what would be sent, and send nothing. Handlers are not called either.

    Raises:
        SetupError: there is no such action.
    """

    def __init__(self, actions: list[dict[str, Any]], only_action: str | None, dry_run: bool) -> None:
        names = [str(item["name"]) for item in actions]
        if only_action is not None and only_action not in names:
            raise SetupError(f"--action: {unknown('action', only_action, names)}")
        self._items = [item for item in actions if only_action in (None, item["name"])]
        self._dry_run = dry_run
        self._totals: dict[str, Counter[str]] = {str(item["name"]): Counter() for item in self._items}

    def run(self, records: Sequence[SampleRecord]) -> int:
        """Deliver the records, and print what each action did with each.

        Returns:
            0 if every action delivered all of its records, else 1.

        Raises:
            SetupError: a call did not return.
        """
        for shard in _in_shards(records):
            with _delivery_logs_nothing():
                result = self._delivered(shard)
            self._say(result)
        for name, counts in self._totals.items():
            say(f"{name}: {_summary(counts, self._dry_run)}")
        return int(any(counts["given up"] or counts["blocked"] or counts["flush"] for counts in self._totals.values()))

    def _delivered(self, records: Sequence[SampleRecord]) -> FeedResult:
        actions = build_actions(self._items)
        sinks = {action.settings.name: FakeSink() for action in actions} if self._dry_run else {}
        shard = Shard(_SHARD_ID, records[0].stream)
        delivery = TrialDelivery(actions, sinks, shard, FakeLease(), ATTEMPTS, _PATIENCE_SECONDS)
        try:
            return delivery.feed([one.raw for one in records])
        except TimeoutError as error:
            raise SetupError(str(error)) from None
        finally:
            delivery.close()

    def _say(self, result: FeedResult) -> None:
        width = max(map(len, result))
        actions = list(result.values())
        for of_record in zip(*(action.records for action in actions), strict=True):
            say(of_record[0].name)
            for action, one in zip(actions, of_record, strict=True):
                self._totals[action.action][one.outcome] += 1
                say_lines(f"  {action.action:<{width}}  {self._told(one)}")
        for action in actions:
            self._say_not_durable(action)

    def _say_not_durable(self, action: ActionResult) -> None:
        if action.flush_error:
            self._totals[action.action]["flush"] += 1
            say(f"{action.action}: its work is not durable: {action.flush_error}")

    def _told(self, one: RecordResult) -> str:
        times = f" after {one.calls} calls" if one.calls > 1 else ""
        if one.outcome == "sent":
            return f"would send {_written(one.payload)}" if self._dry_run else f"sent{times}"
        if one.outcome == "filtered":
            return "filtered out"
        end = "given up" if one.outcome == "given up" else "would be retried forever"
        return f"failed{times}, {end}: {one.error}{_traceback(one.exception)}"


@contextlib.contextmanager
def _delivery_logs_nothing() -> Iterator[None]:
    """Hide what it logs about failures: that is reported once, afterwards."""
    logger, nothing = logging.getLogger("record_processor.worker"), logging.NullHandler()
    logger.addHandler(nothing)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = True
        logger.removeHandler(nothing)


def _in_shards(records: Sequence[SampleRecord]) -> Iterator[list[SampleRecord]]:
    """Yield records that may have been in one shard, in order: of one stream, with growing numbers."""
    shard: list[SampleRecord] = []
    for one in records:
        last = shard[-1] if shard else one
        grows = int(one.raw.sequence_number) > int(last.raw.sequence_number)
        if shard and (one.stream != last.stream or not grows):
            yield shard
            shard = []
        shard.append(one)
    yield shard


def _summary(counts: Counter[str], dry_run: bool) -> str:
    words = {"sent": "would be sent" if dry_run else "sent", "filtered": "filtered out", "blocked": "failing"}
    return ", ".join(f"{counts[one]} {words.get(one, one)}" for one in OUTCOMES if counts[one]) or "no records"


def _written(payload: Any) -> str:
    return encoded(_readable(payload)).decode()


def _readable(value: Any) -> Any:
    """Return bytes as the text that they mostly are."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, dict):
        return {str(key): _readable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_readable(one) for one in value]
    return value


def _traceback(exception: BaseException | None) -> str:
    """Return a handler's own error, from its first line on."""
    if exception is None or isinstance(exception, ActionError):
        return ""
    frames = exception.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OURS):
        frames = frames.tb_next
    text = traceback_of(exception.with_traceback(frames)) if frames is not None else ""
    return "".join(f"\n    {line}" for line in text.rstrip().splitlines())
