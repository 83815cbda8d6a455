"""An item that changes again whenever it was acted on is named, with figures; others are not."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.delivery import change_loops
from record_processor.delivery.change_loops import LoopWatch
from record_processor.delivery.low_water_mark import Ticket
from record_processor.plugin.settings import Retry
from tests.builders import LeaseMemory, change_record, protocol_record
from tests.shard_process import ShardProcess, python_action
from tests.unit.delivery.test_shard_delivery import Calls, dead, fail_on, opened

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
# Eleven are enough, except on a machine that pauses for seconds in between: then a new row begins.
MOST_ROUNDS = 100


class Items:
    """Changes of items, and acts on them, at times that are given in seconds."""

    def __init__(self) -> None:
        self.watch = LoopWatch(lambda _record: ["orders"])

    def change(self, created: float, item: str = "1") -> Ticket:
        ticket = Ticket("1", 1, 1)
        millis = int((NOW + created) * 1000)
        self.watch.saw(change_record(Keys={"id": {"S": item}}, ApproximateCreationDateTime=millis), ticket)
        return ticket

    def act(self, ticket: Ticket, began: float, seconds: float = 0.01) -> None:
        ticket.began, ticket.acted, ticket.outstanding = NOW + began, NOW + began + seconds, 0

    def go_round(self, changes: int, period: float, lag: float, item: str = "1", start: float = 0.0) -> None:
        """Change after change, each acted on so much later."""
        for number in range(changes):
            created = start + number * period
            self.act(self.change(created, item), created + lag)


def said(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    found = [one.__dict__ for one in caplog.records if one.__dict__.get("record_processor_event") == "loop.suspected"]
    caplog.clear()
    return [one["record_processor_fields"] for one in found]


def test_an_item_that_changes_whenever_it_was_acted_on_is_named_with_figures(caplog: pytest.LogCaptureFixture) -> None:
    items = Items()
    items.go_round(10, period=1.5, lag=1.0)
    assert said(caplog) == []
    items.go_round(1, period=1.5, lag=1.0, start=15.0)
    (one,) = said(caplog)
    assert one["actions"] == ["orders"]
    assert bytes(one["keys"]) == b'{"id": {"S": "1"}}'
    assert (one["times"], one["changes"], one["seconds"], one["others"]) == (10, 11, 15.0, 0)
    assert "a filter on that action" in one["remedy"]


@pytest.mark.parametrize(
    ("period", "lag"),
    [
        pytest.param(4.0, 0.5, id="it changes long after it was acted on"),
        pytest.param(0.2, 5.0, id="it changes all the time, and is acted on with delay"),
    ],
)
def test_an_item_that_changes_without_regard_to_the_acts_is_not_named(
    caplog: pytest.LogCaptureFixture, period: float, lag: float
) -> None:
    items = Items()
    items.go_round(100, period, lag)
    assert said(caplog) == []


def test_changes_that_take_longer_than_a_minute_to_be_ten_are_no_quick_loop(caplog: pytest.LogCaptureFixture) -> None:
    items = Items()
    for number in range(50):
        items.act(items.change(number * 7.0), number * 7.0 + 0.5, seconds=6.0)
    assert said(caplog) == []


def test_a_busy_item_is_told_from_a_loop_by_its_figures(caplog: pytest.LogCaptureFixture) -> None:
    """What is read together was on its way together: of such changes, only the first came after the last act."""
    items = Items()
    for second in range(11):
        for ticket in [items.change(second + tenth / 10) for tenth in range(0, 10, 2)]:
            items.act(ticket, second + 0.95)
    (one,) = said(caplog)
    assert (one["times"], one["changes"]) == (10, 51)


def test_a_loop_that_grows_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """Each act makes two changes, so there are twice as many in each round."""
    items, tickets = Items(), [Ticket("1", 1, 1)]
    for number in range(11):
        tickets = [items.change(number) for _ in range(2 * len(tickets))]
        for ticket in tickets:
            items.act(ticket, number + 0.5)
    assert said(caplog)[0]["times"] == 10


def test_what_no_action_succeeded_with_is_no_act(caplog: pytest.LogCaptureFixture) -> None:
    items = Items()
    for number in range(50):
        ticket = items.change(number)
        ticket.outstanding = 0
        if number % 5:
            items.act(ticket, number + 0.5)
    assert said(caplog) == []


def test_an_item_is_named_once_in_a_while_and_not_too_many_are(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = Items()
    for number in range(change_loops.NAMED + 5):
        items.go_round(41, 1.0, 0.5, item=str(number))
    assert len(said(caplog)) == change_loops.NAMED
    monkeypatch.setattr(change_loops, "INTERVAL_SECONDS", 0.0)
    items.go_round(11, 1.0, 0.5, item="later")
    assert said(caplog)[0]["others"] == 5


def test_a_loop_is_seen_among_many_other_items_and_these_cost_no_memory(caplog: pytest.LogCaptureFixture) -> None:
    items = Items()
    for number in range(12):
        items.go_round(1, 1.0, 0.5, item="loop", start=number)
        for other in range(1000):
            items.change(number + 0.5, item=f"{number}-{other}")
    assert [bytes(one["keys"]) for one in said(caplog)] == [b'{"id": {"S": "loop"}}']
    assert len(items.watch._items) == change_loops.ITEMS


def test_of_a_flood_a_part_is_looked_at_and_of_what_piled_up_nothing() -> None:
    watch = LoopWatch(lambda _record: [])
    looked_at = []
    for chunk in range(20_000):  # 5,000 records a second
        now = NOW + chunk / 50
        since = watch.from_millis(now, 100)
        looked_at.append(since < now * 1000)
        assert since >= (now - change_loops.WITHIN_SECONDS) * 1000
    assert all(looked_at[:1000])
    assert 0.1 < sum(looked_at) / len(looked_at) < 0.2
    assert sum(one != other for one, other in pairwise(looked_at)) <= 4
    assert watch.from_millis(NOW + 1000, 100) < (NOW + 1000) * 1000


@pytest.mark.parametrize("settings", [{}, {"concurrency": 4}])
def test_the_engine_tells_when_it_acted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, settings: dict[str, Any]
) -> None:
    some = Calls(name="some", **settings)
    none = Calls(name="none", filter={"eventName": ["REMOVE"]})
    delivery = opened(LeaseMemory(tmp_path / "lease"), some, none)
    found: list[dict[str, Any]] = []
    for number in range(1, MOST_ROUNDS):
        delivery.submit([protocol_record(number, ApproximateCreationDateTime=int(time.time() * 1000))])
        delivery.finish()
        found += said(caplog)
        if found:
            break
    assert [one["actions"] for one in found] == [["some"]]


def test_records_in_the_dead_letters_were_not_acted_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    numbers = range(1, 31)
    failing = Calls(fail_on(*map(str, numbers)), retry=Retry(max_attempts=1), dead_letter=dead(tmp_path))
    delivery = opened(LeaseMemory(tmp_path / "lease"), failing)
    for number in numbers:
        delivery.submit([protocol_record(number, ApproximateCreationDateTime=int(time.time() * 1000))])
        delivery.finish()
    assert said(caplog) == []


def test_the_process_of_a_shard_names_an_item_that_its_handler_changes(tmp_path: Path) -> None:
    process = ShardProcess(tmp_path, [python_action(tmp_path, "def handle(event, context): ...\n")]).initialize()
    try:
        for number in range(1, MOST_ROUNDS):
            process.records(number, Keys={"id": {"S": "x"}}, ApproximateCreationDateTime=int(time.time() * 1000))
            process.wait_for_checkpoint(number)
            if process.of("loop.suspected"):
                break
        one = process.wait_for_event("loop.suspected")
        assert (one["level"], one["actions"], one["keys"]) == ("warning", ["orders"], {"id": {"S": "x"}})
        assert process.close() == 0
    finally:
        process.kill()
