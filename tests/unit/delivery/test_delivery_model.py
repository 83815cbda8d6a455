"""The delivery engine against a model: random records, failures, lanes, stops, lost leases and crashes.

The real engine runs with its threads; only the sink is ours. A crash is an engine left alone, as a killed process
leaves its work: the next one starts from the last checkpoint.
"""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from record_processor.config.units import Duration
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.settings import FileDeadLetter
from record_processor.delivery import backoff
from record_processor.delivery.shard_delivery import ShardDelivery
from record_processor.delivery.suspicion import DiedCall, after_death
from record_processor.delivery.trials import Trials, left_behind
from record_processor.errors import LeaseLostError, PartialFailure, PermanentError, StopRequestedError
from record_processor.plugin.action import Action
from record_processor.plugin.settings import ActionSettings, Batch, Retry
from record_processor.records.stream import Shard
from tests.builders import STREAM, LeaseMemory, protocol_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from record_processor.delivery.suspicion import Suspicion
    from record_processor.records.change_record import ChangeRecord
    from record_processor.records.raw_record import RawRecord

SHARD = Shard("shardId-1", STREAM)
ITEMS = ["a", "b", "c", "d"]
NEVER_TAKEN_IN = 1_000_000


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(backoff, "FIRST_SECONDS", 0.0005)
        patched.setattr(backoff, "LONGEST_SECONDS", 0.002)
        yield


class Sink:
    """What the world outside has seen of one action, across crashes, and how it is going to fail."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.Lock()
        self.failures: dict[str, list[str]] = {}
        """By sequence number: the kinds of failure of its next attempts."""
        self.seen: list[tuple[int, str, str]] = []
        """Run, item, sequence number: of every success, in order."""
        self.running: Counter[tuple[int, str]] = Counter()
        self.overlaps: list[str] = []
        self.begun_without_lease: list[str] = []


class SinkAction(Action[ActionSettings]):
    """Writes to the sink, and fails as the sink says."""

    settings_type = ActionSettings

    def __init__(self, settings: ActionSettings, sink: Sink, run: int, memory: LeaseMemory) -> None:
        super().__init__(settings)
        self._sink = sink
        self._run = run
        self._lease = memory.lease()

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        items = [str(record.keys["id"]) for record in records]
        self._enter(items)
        try:
            self._act(records, items)
        finally:
            with self._sink.lock:
                self._sink.running.subtract((self._run, item) for item in set(items))

    def _enter(self, items: list[str]) -> None:
        with self._sink.lock:
            for item in set(items):
                self._sink.running[self._run, item] += 1
                if self._sink.running[self._run, item] > 1:
                    self._sink.overlaps.append(item)

    def _act(self, records: Sequence[ChangeRecord], items: list[str]) -> None:
        failing: dict[int, Exception] = {}
        with self._sink.lock:
            for position, record in enumerate(records):
                plan = self._sink.failures.get(record.sequence_number)
                if plan:
                    kind = plan[0] if plan[0] == "permanent" else plan.pop(0)
                    if kind == "whole":
                        raise RuntimeError("the whole call")
                    failing[position] = PermanentError("never") if kind == "permanent" else RuntimeError("this one")
            if failing:
                # As in Lambda: everything from the first failure on is retried, so that items keep their order.
                first = min(failing)
                rest = range(first, len(records))
                failing = {position: failing.get(position, RuntimeError("after it")) for position in rest}
            for position, record in enumerate(records):
                if position not in failing:
                    self._sink.seen.append((self._run, items[position], record.sequence_number))
        if failing:
            raise PartialFailure(failing)


class DeliveryMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stream: list[RawRecord] = []
        self.item_of: dict[str, str] = {}
        self.numbers = itertools.count(1)
        self.checkpoint = 0
        self.runs = itertools.count()
        self.submitted = 0

    @initialize(
        concurrency=st.sampled_from([1, 3]),
        size=st.sampled_from([1, 2, 5]),
        window=st.sampled_from([None, Duration(0.005)]),
        bisect=st.booleans(),
        max_attempts=st.sampled_from([None, 1, 3]),
        letters=st.booleans(),
    )
    def configure(
        self, concurrency: int, size: int, window: Any, bisect: bool, max_attempts: Any, letters: bool
    ) -> None:
        self.letters = DeadLetterFile(self.folder / "dead.jsonl") if letters else None
        base: dict[str, Any] = {
            "concurrency": concurrency,
            "batch": Batch(size=size, window=window if size > 1 else None),
            "bisect_on_error": bisect and size > 1,
        }
        if letters:
            base["dead_letter"] = FileDeadLetter(path=str(self.folder / "dead.jsonl"))
            base["retry"] = Retry(max_attempts=max_attempts)
        self.settings = [
            ActionSettings(name="first", type="sink", **base),
            ActionSettings(name="second", type="sink", filter={"eventName": ["INSERT"]}),
        ]
        self.sinks = [Sink(one.name) for one in self.settings]
        self._start()

    def _start(self, suspicions: Sequence[Suspicion] = ()) -> None:
        """A new process owns the shard, from the last checkpoint on; perhaps it knows what the last one died of."""
        self.run_number = next(self.runs)
        self.memory = LeaseMemory(self.folder / f"lease-{self.run_number}")
        actions = [
            SinkAction(one, sink, self.run_number, self.memory)
            for one, sink in zip(self.settings, self.sinks, strict=True)
        ]
        trials = Trials(self.folder / "trials", actions, list(suspicions))
        self.delivery = ShardDelivery(actions, self.memory.lease(), 1, trials, suspicions)
        self.delivery.open(SHARD, str(self.checkpoint))
        self.submitted = self.checkpoint

    @rule(
        changes=st.lists(
            st.tuples(
                st.sampled_from(ITEMS),
                st.sampled_from(["INSERT", "MODIFY"]),
                st.lists(st.sampled_from(["whole", "part"]), max_size=3) | st.just(["permanent"]),
            ),
            min_size=1,
            max_size=12,
        )
    )
    def write(self, changes: list[tuple[str, str, list[str]]]) -> None:
        for item, event_name, failures in changes:
            number = str(next(self.numbers))
            self.stream.append(protocol_record(number, eventName=event_name, Keys={"id": {"S": item}}))
            self.item_of[number] = item
            # Without dead letters a record that never succeeds would rightly block the shard forever.
            plan = failures if self.letters or failures != ["permanent"] else []
            for sink in self.sinks[:1]:
                sink.failures[number] = list(plan)

    @rule(count=st.integers(1, 8))
    def read(self, count: int) -> None:
        self.delivery.submit(self.stream[self.submitted : self.submitted + count])
        self.submitted = min(len(self.stream), self.submitted + count)

    @rule(back=st.integers(1, 8), count=st.integers(0, 4))
    def read_again(self, back: int, count: int) -> None:
        """KCL gives the process again what it is working on."""
        start = max(self.checkpoint, self.submitted - back)
        self.delivery.submit(self.stream[start : self.submitted + count])
        self.submitted = min(len(self.stream), self.submitted + count)

    @rule()
    def save(self) -> None:
        mark = self.delivery.low_water()
        if mark is not None:
            self.delivery.make_durable()
            self._assert_all_done_up_to(int(mark))
            self.checkpoint = max(self.checkpoint, int(mark))

    @rule(in_hand=st.integers(0, 5))
    def crash(self, in_hand: int) -> None:
        left = left_behind(self.folder / "trials")
        # Calls here are over in no time; so it is said which were running.
        numbers = [record.sequence_number for record in self.stream[self.checkpoint : self.checkpoint + in_hand]]
        calls = [DiedCall("first", [(number, 0) for number in numbers], False, False)] if numbers else left.calls
        bisecting = {one.name for one in self.settings if one.bisect_on_error}
        # A killed process starts nothing more; here the lease keeps its threads from it.
        self.memory.lose()
        self._wait_until_idle()
        self._start(after_death(left.suspicions, calls, "killed", bisecting, time.time()))

    @rule()
    def lose_the_lease(self) -> None:
        self.memory.lose()
        with pytest.raises(LeaseLostError):
            self.delivery.submit([protocol_record(NEVER_TAKEN_IN)])
        self._wait_until_idle()
        before = [len(sink.seen) for sink in self.sinks]
        time.sleep(0.003)
        assert [len(sink.seen) for sink in self.sinks] == before, "something began without a lease"
        self._start()

    @rule()
    def stop(self) -> None:
        self.memory.ask_to_stop()
        with pytest.raises(StopRequestedError):
            self.delivery.submit([protocol_record(NEVER_TAKEN_IN)])
        self.delivery.drain()
        self.save()
        self.delivery.close()
        self._wait_until_idle()
        self._start()

    @rule()
    def end_of_the_shard(self) -> None:
        # No precondition: how far it came hangs on the threads, and hypothesis would find that its choices do too.
        if self.submitted == len(self.stream):
            return
        self.delivery.submit(self.stream[self.submitted :])
        self.submitted = len(self.stream)
        self.delivery.finish()
        self.save()
        assert self.checkpoint == len(self.stream)

    @invariant()
    def items_never_overlap(self) -> None:
        for sink in getattr(self, "sinks", []):
            assert sink.overlaps == []

    @invariant()
    def order_per_item_never_goes_back_within_a_run(self) -> None:
        for sink in getattr(self, "sinks", []):
            last: dict[tuple[int, str], int] = defaultdict(int)
            for run, item, number in list(sink.seen):
                assert int(number) > last[run, item], f"{item}: {number} after {last[run, item]}"
                last[run, item] = int(number)

    def teardown(self) -> None:
        if hasattr(self, "sinks"):
            self.delivery.submit(self.stream[self.submitted :])
            self.delivery.finish()
            self._assert_all_done_up_to(len(self.stream))
            self.delivery.close()
        shutil.rmtree(self.folder)

    def _wait_until_idle(self) -> None:
        end = time.monotonic() + 5
        while self.delivery.busy:
            assert time.monotonic() < end, "a worker goes on without a lease"
            time.sleep(0.0005)

    def _assert_all_done_up_to(self, mark: int) -> None:
        """Each record reached each matching action, or is a dead letter of it."""
        dead = self._dead()
        for sink, wanted in zip(self.sinks, (_is_any, _is_insert), strict=True):
            reached = {number for _, _, number in list(sink.seen)}
            for record in self.stream[:mark]:
                number = record.sequence_number
                if wanted(record):
                    assert number in reached or (number in dead and sink.name == "first"), (
                        f"{sink.name} missed {number}"
                    )

    def _dead(self) -> set[str]:
        if self.letters is None or not self.letters.path.exists():
            return set()
        return {letter.sequence_number for letter in self.letters.read()[0]}


def _is_any(_record: RawRecord) -> bool:
    return True


def _is_insert(record: RawRecord) -> bool:
    return bool(json.loads(record.binary_data)["eventName"] == "INSERT")


TestDelivery = DeliveryMachine.TestCase
TestDelivery.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
