from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.actions.delivery import Delivery, change, changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.actions.sinks.aws import FirehoseSink

    StartDelivery = Callable[..., Delivery]

this_sink = pytest.mark.parametrize("sink", ["firehose"], indirect=True)


@this_sink
@pytest.mark.parametrize("newline", [True, False])
def test_each_record_is_a_line_unless_that_is_not_wanted(
    sink: FirehoseSink, delivery: StartDelivery, newline: bool
) -> None:
    running = delivery(sink.settings(), newline=newline, template={"id": "{keys.id}"})
    running.submit(changes(3, 1))
    running.finish()
    end = "\n" if newline else ""
    assert sorted(sink.texts()) == [f'{{"id":"item-{number}"}}{end}' for number in range(3)]


@this_sink
def test_four_megabytes_are_cut_into_two_calls(sink: FirehoseSink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings(), batch={"size": 20, "window": "200ms", "bytes": "20MB"})
    running.submit([change(f"item-{number}", 1, text={"S": "x" * 700_000}) for number in range(8)])
    running.finish()
    assert sink.faults.requests == 2
    assert len(sink.arrived()) == 8
