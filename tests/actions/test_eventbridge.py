from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from tests.actions.delivery import Delivery, change, changes
from tests.builders import ARN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.actions.sinks.aws import EventBridgeSink

    StartDelivery = Callable[..., Delivery]

this_sink = pytest.mark.parametrize("sink", ["eventbridge"], indirect=True)


@this_sink
def test_an_event_says_where_it_comes_from_and_when_the_change_was_made(
    sink: EventBridgeSink, delivery: StartDelivery
) -> None:
    running = delivery(sink.settings(), detail_type="Order {eventName} {new.n}", format="plain")
    running.submit([change("item-1", 4)])
    running.finish()
    (event,) = sink.events()
    assert (event["source"], event["detail-type"], event["resources"]) == ("dynamodb", "Order MODIFY 4", [ARN])
    assert event["detail"]["new"] == {"id": "item-1", "n": 4}
    assert sink.faults.last is not None
    (sent,) = json.loads(sink.faults.last.body)["Entries"]  # the server behind the proxy sets its own time
    assert datetime.fromtimestamp(sent["Time"], timezone.utc).isoformat().startswith("2026-11-23T06:31:24")


@this_sink
def test_a_call_holds_ten_events_and_a_quarter_of_a_megabyte_at_most(
    sink: EventBridgeSink, delivery: StartDelivery
) -> None:
    running = delivery(sink.settings(), batch={"size": 100, "window": "50ms"})
    running.submit([*changes(20, 1), *(change(f"item-{n}", 2, text={"S": "x" * 100_000}) for n in range(5))])
    running.finish()
    assert sink.faults.requests == 2 + 3  # two large ones fit into a call
    assert len(sink.arrived()) == 25
