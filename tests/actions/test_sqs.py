from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.actions.delivery import Delivery, change, changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.actions.sinks.aws import SqsFifoSink, SqsSink

    StartDelivery = Callable[..., Delivery]

standard = pytest.mark.parametrize("sink", ["sqs"], indirect=True)
fifo = pytest.mark.parametrize("sink", ["sqs-fifo"], indirect=True)


@fifo
def test_a_record_sent_twice_is_there_once_in_a_fifo_queue(sink: SqsFifoSink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings())
    running.submit(changes(3, 2))
    running.submit(changes(3, 2))  # as after a crash before the checkpoint
    running.finish()
    assert len(sink.arrived()) == 6


@fifo
def test_an_items_group_is_its_keys_and_a_template_can_name_another(sink: SqsFifoSink, delivery: StartDelivery) -> None:
    delivery(sink.settings()).submit([change("item-1", 1)])
    running = delivery(sink.settings(), group="{new.n}")
    running.submit([change("item-2", 7)])
    running.finish()
    sqs = sink.client("sqs")
    found: dict[str, str] = {}
    while len(found) < 2:
        answer = sqs.receive_message(QueueUrl=sink.queue_url, AttributeNames=["All"], MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            keys = json.loads(message["Body"])["dynamodb"]["Keys"]["id"]["S"]
            found[keys] = message["Attributes"]["MessageGroupId"]
    assert found == {"item-1": _hash_of('{"id": {"S": "item-1"}}'), "item-2": "7"}


def _hash_of(keys: str) -> str:
    """Keys with a space in their JSON, as this test's records have, are no group's name."""
    import hashlib

    return hashlib.sha256(keys.encode()).hexdigest()


@standard
def test_attributes_are_filled_from_the_record_and_empty_ones_left_out(sink: SqsSink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings(), attributes={"kind": "{eventName}", "who": "{new.Who}"}, format="plain")
    running.submit([change("item-1", 1)])
    running.finish()
    answer = sink.client("sqs").receive_message(QueueUrl=sink.queue_url, MessageAttributeNames=["All"])
    (message,) = answer["Messages"]
    assert {name: one["StringValue"] for name, one in message["MessageAttributes"].items()} == {"kind": "MODIFY"}
    body = json.loads(message["Body"])
    assert (body["keys"], body["new"]) == ({"id": "item-1"}, {"id": "item-1", "n": 1})


@standard
def test_a_call_holds_ten_messages_at_most_and_no_more_than_a_megabyte(sink: SqsSink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings(), batch={"size": 100, "window": "50ms", "bytes": "20MB"})
    running.submit(changes(25, 1))
    running.finish()
    assert sink.faults.requests == 3
    large = [change(f"item-{number}", 9, text={"S": "x" * 200_000}) for number in range(12)]
    running.submit(large)
    running.finish()
    assert sink.faults.requests == 3 + 3  # five large ones fit into a call
    assert len(sink.arrived()) == 37


@standard
def test_characters_that_sqs_refuses_arrive_as_json_escapes(sink: SqsSink, delivery: StartDelivery) -> None:
    odd = "a\u0000b\uffff\U0001f600\u2028"
    running = delivery(sink.settings(), format="plain")
    running.submit([change("item-1", 1, text={"S": odd})])
    running.finish()
    (message,) = sink.client("sqs").receive_message(QueueUrl=sink.queue_url)["Messages"]
    assert json.loads(message["Body"])["new"]["text"] == odd
