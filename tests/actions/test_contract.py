"""What every action guarantees: nothing is lost, an item's order is kept, and no error is hidden."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.actions.conftest import BEHIND_THE_PROXY, OVER_THE_NETWORK, SINKS
from tests.actions.delivery import Delivery, change, changes
from tests.actions.sinks.base import Arrived
from tests.harness import wait_for

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from tests.actions.sinks.base import NetworkSink, Sink
    from tests.actions.sinks.host import CommandSink

    StartDelivery = Callable[..., Delivery]

ITEMS, TIMES = 12, 8
ALL = {(f"item-{item}", number) for item in range(ITEMS) for number in range(1, TIMES + 1)}

every_sink = pytest.mark.parametrize("sink", SINKS, indirect=True)
network_sinks = pytest.mark.parametrize("sink", OVER_THE_NETWORK, indirect=True)
sinks_behind_the_proxy = pytest.mark.parametrize("sink", BEHIND_THE_PROXY, indirect=True)
command_sink = pytest.mark.parametrize("sink", ["command"], indirect=True)


@every_sink
@pytest.mark.parametrize("concurrency", [1, 4])
def test_everything_arrives_once_and_in_order_per_item(sink: Sink, delivery: StartDelivery, concurrency: int) -> None:
    settings = sink.settings()
    running = delivery(settings, **({} if settings["type"] in ("file", "log") else {"concurrency": concurrency}))
    running.submit(changes(ITEMS, TIMES))
    running.finish()
    assert_all_arrived(sink, once=True)
    assert running.letters() == []


@network_sinks
def test_a_restart_of_the_server_in_the_middle_costs_nothing_but_time(
    sink: NetworkSink, delivery: StartDelivery, caplog: pytest.LogCaptureFixture
) -> None:
    running = delivery(sink.settings())
    running.submit(changes(ITEMS, TIMES // 2))
    wait_for(lambda: running.delivery.low_water() is not None, "the first are through")
    sink.stop()
    running.submit(changes(ITEMS, TIMES // 2, start=TIMES // 2 + 1))
    wait_for(lambda: blocked(caplog), "it says that it cannot deliver")
    sink.start()
    running.finish()
    assert_all_arrived(sink, once=True)
    assert running.letters() == []


@network_sinks
def test_entries_that_fail_alone_come_again_alone_and_keep_their_items_order(
    sink: NetworkSink, delivery: StartDelivery
) -> None:
    sink.faults.fail_partly(5)
    running = delivery(sink.settings())
    running.submit(changes(ITEMS, TIMES))
    running.finish()
    assert_all_arrived(sink, once=True)
    assert running.letters() == []


@sinks_behind_the_proxy
def test_throttling_is_waited_for(sink: NetworkSink, delivery: StartDelivery, caplog: pytest.LogCaptureFixture) -> None:
    sink.faults.throttle(3)
    running = delivery(sink.settings())
    running.submit(changes(ITEMS, TIMES))
    running.finish()
    assert_all_arrived(sink, once=True)
    assert blocked(caplog)
    assert running.letters() == []


@network_sinks
def test_answers_that_get_lost_or_come_too_late_make_repetitions_and_no_gaps(
    sink: NetworkSink, delivery: StartDelivery
) -> None:
    sink.faults.lose_the_answer(2)
    sink.faults.be_slow(2.5, 1)
    running = delivery(sink.settings())
    running.submit(changes(ITEMS, TIMES))
    running.finish()
    assert_all_arrived(sink, once=False)
    assert running.letters() == []


@sinks_behind_the_proxy
def test_refused_credentials_are_said_and_nothing_is_lost_or_shown(
    sink: NetworkSink, delivery: StartDelivery, caplog: pytest.LogCaptureFixture
) -> None:
    # A webhook's batch is refused by halves: 20, 10, 5, 2, 1.
    sink.faults.refuse(6 if sink.type_name == "webhook" else 2)
    running = delivery(sink.settings())
    running.submit(changes(ITEMS, TIMES))
    running.finish()
    if sink.type_name == "webhook":  # 4xx cannot be helped, as the far side says
        assert running.letters()
        dead = {Arrived(*letter_of(letter)) for letter in running.letters()}
        assert dead | set(sink.arrived()) == ALL
        assert {letter["error"]["type"] for letter in running.letters()} == {"PermanentError"}
        assert "401" in running.letters()[0]["error"]["message"]
        return
    assert sink.refusal in blocked(caplog)[0].getMessage()
    assert "local-secret-key" not in caplog.text
    assert_all_arrived(sink, once=True)
    assert running.letters() == []


@pytest.mark.parametrize("sink", [name for name in SINKS if name not in ("s3", "file", "log", "python")], indirect=True)
def test_a_record_that_is_too_large_becomes_a_dead_letter_that_says_the_limit(
    sink: Sink, delivery: StartDelivery
) -> None:
    size, says = sink.oversized or (200, "at most 100 bytes")
    running = delivery(sink.settings())
    large = change("oversized-999999", TIMES // 2, large={"S": "x" * size})
    running.submit([*changes(ITEMS, TIMES // 2), large, *changes(ITEMS, TIMES // 2, start=TIMES // 2 + 1)])
    running.finish()
    (letter,) = running.letters()
    assert letter["sequence_number"] == large.sequence_number
    assert re.search(re.escape(says), letter["error"]["message"]), letter["error"]["message"]
    assert_all_arrived(sink, once=True)


@command_sink
@pytest.mark.parametrize("fault", ["crash", "slow", "partly"])
def test_a_program_that_fails_is_started_again_and_goes_on_where_it_was(
    sink: CommandSink, delivery: StartDelivery, fault: str
) -> None:
    sink.plan.write_text(fault)
    running = delivery(sink.settings())
    running.submit(changes(ITEMS, TIMES))
    running.finish()
    assert_all_arrived(sink, once=fault == "partly")
    assert not sink.plan.exists()
    assert running.letters() == []


def assert_all_arrived(sink: Sink, once: bool) -> None:
    arrived = [one for one in sink.arrived() if not one.item.startswith("oversized")]
    wanted = {(item, TIMES) for item, _ in ALL} if sink.keeps_last_only else ALL
    if sink.keeps_last_only:
        arrived = list(dict(arrived).items())  # type: ignore[arg-type]
    assert set(arrived) == wanted, f"missing: {sorted(wanted - set(arrived))[:5]}"
    if once:
        assert [one for one, count in Counter(arrived).items() if count > 1] == []
    if sink.keeps_order:
        assert_in_order(arrived)


def assert_in_order(arrived: list[Any]) -> None:
    """First arrivals, by item: a repetition may come late, but nothing new may come early."""
    seen: dict[str, int] = defaultdict(int)
    for item, number in arrived:
        assert number <= seen[item] + 1 or number == TIMES, f"{item}: {number} after {seen[item]}"
        seen[item] = max(seen[item], number)


def blocked(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [one for one in caplog.records if getattr(one, "record_processor_event", "") == "delivery.blocked"]


def letter_of(letter: dict[str, Any]) -> tuple[str, int]:
    image = letter["record"]["dynamodb"]["NewImage"]
    return image["id"]["S"], int(image["n"]["N"])
