from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from record_processor.actions.sns import SnsAction, SnsSettings
from record_processor.errors import InvalidSettingError
from record_processor.records.template import TextTemplate
from tests.actions.delivery import Delivery, change, changes
from tests.actions.sinks.aws import received

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.actions.sinks.aws import SnsSink

    StartDelivery = Callable[..., Delivery]


@pytest.mark.parametrize("sink", ["sns"], indirect=True)
def test_subject_and_attributes_come_from_templates(sink: SnsSink, delivery: StartDelivery) -> None:
    sns, sqs = sink.client("sns"), sink.client("sqs")
    topic = sns.create_topic(Name=sink.name)["TopicArn"]
    queue = sqs.create_queue(QueueName=f"{sink.name}-whole")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    long = "{eventName} of {keys.id}\nand " + "x" * 200
    running = delivery({**sink.settings(), "topic_arn": topic}, subject=long, attributes={"n": "{new.n}"})
    running.submit([change("item-1", 5)])
    running.finish()
    (notice,) = [json.loads(text) for text in received(sqs, queue)]
    assert notice["Subject"].startswith("MODIFY of item-1 and xxx")
    assert len(notice["Subject"]) == 100
    assert notice["MessageAttributes"] == {"n": {"Type": "String", "Value": "5"}}


@pytest.mark.parametrize("sink", ["sns"], indirect=True)
def test_a_call_holds_ten_messages_and_a_quarter_of_a_megabyte_at_most(sink: SnsSink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings(), batch={"size": 100, "window": "50ms"})
    running.submit([*changes(20, 1), *(change(f"item-{n}", 2, text={"S": "x" * 100_000}) for n in range(5))])
    running.finish()
    assert sink.faults.requests == 2 + 3  # two large ones fit into a call
    assert len(sink.arrived()) == 25


def test_more_than_ten_attributes_are_refused_before_anything_starts() -> None:
    attributes = {f"a{number}": TextTemplate("x") for number in range(11)}
    with pytest.raises(InvalidSettingError, match="at most 10 attributes, found 11"):
        SnsAction(SnsSettings(name="a", type="sns", topic_arn="arn:aws:sns:x:1:t", attributes=attributes))
