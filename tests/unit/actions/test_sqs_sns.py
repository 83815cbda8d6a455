"""What a far side takes for a repetition: FIFO's deduplication ids, and `webhook-id`."""

from __future__ import annotations

from typing import Any

import pytest

from record_processor.actions.http.standard_webhooks import message_id
from record_processor.actions.sns import SnsAction, SnsSettings
from record_processor.actions.sqs import SqsAction, SqsSettings
from tests.builders import change_record

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders.fifo"


def of(name: str, service: str) -> Any:
    if service == "sqs":
        return SqsAction(SqsSettings(name=name, type="sqs", queue_url=QUEUE))
    return SnsAction(SnsSettings(name=name, type="sns", topic_arn=TOPIC))


@pytest.mark.parametrize("service", ["sqs", "sns"])
def test_two_actions_on_one_fifo_resource_swallow_none_of_each_others_messages(service: str) -> None:
    record = change_record(eventID="e" * 32)

    def deduplication_id(name: str) -> Any:
        return of(name, service).entry(record).content["MessageDeduplicationId"]

    assert deduplication_id("orders") == deduplication_id("orders") == f"orders-{'e' * 32}"
    assert deduplication_id("orders") != deduplication_id("invoices")


def test_an_id_that_is_too_long_for_fifo_is_hashed() -> None:
    record = change_record(eventID="e" * 100)
    found = {of(letter * 64, "sqs").entry(record).content["MessageDeduplicationId"] for letter in "ab"}
    assert len(found) == 2
    assert all(len(one) <= 128 for one in found)


@pytest.mark.parametrize("count", [1, 3])
def test_a_webhooks_id_is_the_same_in_each_attempt_and_another_one_for_each_action(count: int) -> None:
    batch = [change_record(eventID=f"{number}" * 32) for number in range(count)]
    assert message_id("orders", batch) == message_id("orders", list(batch))
    assert message_id("orders", batch) != message_id("a.b", batch)
    assert "." not in message_id("a.b", batch)
