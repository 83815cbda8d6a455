from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.kinesis import KinesisAction, KinesisSettings
from record_processor.records.template import TextTemplate
from tests.actions.delivery import Delivery, change, changes
from tests.builders import change_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.actions.sinks.aws import KinesisSink

    StartDelivery = Callable[..., Delivery]

this_sink = pytest.mark.parametrize("sink", ["kinesis"], indirect=True)


@this_sink
def test_an_item_is_always_in_one_shard_and_500_records_go_with_one_call(
    sink: KinesisSink, delivery: StartDelivery
) -> None:
    running = delivery(sink.settings(), batch={"size": 1000, "window": "100ms"})
    running.submit(changes(600, 1))
    running.finish()
    assert sink.faults.requests == 2
    running.submit(changes(600, 1, start=2))
    running.finish()
    shards: dict[str, set[str]] = {}
    for record in sink.records():
        shards.setdefault(record["PartitionKey"], set()).add(record["ShardId"])
    assert len(shards) == 600
    assert {len(of_item) for of_item in shards.values()} == {1}
    assert set().union(*shards.values()) == {"shardId-000000000000", "shardId-000000000001"}


@this_sink
def test_five_megabytes_are_cut_into_two_calls(sink: KinesisSink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings(), batch={"size": 20, "window": "200ms", "bytes": "20MB"})
    running.submit([change(f"item-{number}", 1, text={"S": "x" * 700_000}) for number in range(10)])
    running.finish()
    assert sink.faults.requests == 2
    assert len(sink.arrived()) == 10


@pytest.mark.parametrize(
    ("template", "keys", "expected"),
    [
        ("{keys.id}", {"id": {"S": "a"}}, "a"),
        (None, {"id": {"S": "a"}}, '{"id": {"S": "a"}}'),
        ("{new.nothing}", {"id": {"S": "a"}}, hashlib.sha256(b"").hexdigest()),
        ("{keys.id}", {"id": {"S": "k" * 300}}, hashlib.sha256(b"k" * 300).hexdigest()),
    ],
)
def test_a_partition_key_that_kinesis_would_refuse_is_hashed(template: Any, keys: Any, expected: str) -> None:
    partition_key = None if template is None else TextTemplate(template)
    action = KinesisAction(KinesisSettings(name="a", type="kinesis", stream="s", partition_key=partition_key))
    key = action.entry(change_record(Keys=keys)).content["PartitionKey"]
    assert key == expected
