from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.dynamodb import DynamoDBAction, DynamoDBSettings
from record_processor.errors import InvalidSettingError
from tests.actions.delivery import Delivery, change, changes
from tests.builders import protocol_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.actions.sinks.aws import DynamoDBSink

    StartDelivery = Callable[..., Delivery]

this_sink = pytest.mark.parametrize("sink", ["dynamodb"], indirect=True)


def removal(item: str, number: int) -> Any:
    keys = {"id": {"S": item}}
    return protocol_record(f"4000{number:08}000000", Keys=keys, NewImage={}, OldImage=keys, eventName="REMOVE")


@this_sink
def test_replays_and_reordering_never_bring_old_data_back(sink: DynamoDBSink, delivery: StartDelivery) -> None:
    history = [*changes(5, 6), *(removal(f"item-{number}", 50) for number in (0, 1))]
    shuffled = history * 3
    random.Random(7).shuffle(shuffled)  # noqa: S311
    for part in (history, shuffled):
        running = delivery(sink.settings(), batch={"size": 7})
        running.submit(part)
        running.finish()
    live = {item["id"]["S"]: item["n"]["N"] for item in sink.items() if "_deleted" not in item}
    assert live == {"item-2": "6", "item-3": "6", "item-4": "6"}
    assert {item["id"]["S"] for item in sink.items() if "_deleted" in item} == {"item-0", "item-1"}


@this_sink
def test_an_item_made_again_after_its_deletion_is_back(sink: DynamoDBSink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings(), batch={"size": 1})
    running.submit([change("item-1", 1), removal("item-1", 2), change("item-1", 3)])
    running.finish()
    (item,) = sink.items()
    assert (item["n"], "_deleted" in item, "_expires" in item) == ({"N": "3"}, False, False)


@this_sink
def test_without_markers_a_deletion_is_a_deletion(sink: DynamoDBSink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings(), keep_deleted="0s")
    running.submit([change("item-1", 1), change("item-2", 1), removal("item-1", 2)])
    running.finish()
    assert [item["id"]["S"] for item in sink.items()] == ["item-2"]


@this_sink
def test_every_type_of_value_arrives_exactly_and_projection_and_new_names_hold(
    sink: DynamoDBSink, delivery: StartDelivery
) -> None:
    values: dict[str, Any] = {
        "digits": {"N": "0.12345678901234567890123456789012345678"},
        "binary": {"B": "AP8="},
        "texts": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "2.5"]},
        "binaries": {"BS": ["AA==", "/w=="]},
        "nothing": {"NULL": True},
        "inside": {"M": {"list": {"L": [{"B": "AA=="}, {"M": {}}, {"BOOL": False}]}}},
    }
    running = delivery(sink.settings(), attributes=[*values], rename={"digits": "amount"})
    running.submit([change("item-1", 1, **values)])
    running.finish()
    (item,) = sink.items()
    assert item.pop("_sequence")["S"].endswith("400000000001000001")
    assert {name: _ordered(value) for name, value in item.items()} == {
        "id": {"S": "item-1"},
        "amount": values["digits"],
        "binary": {"B": b"\x00\xff"},
        "texts": values["texts"],
        "numbers": {"NS": ["1", "2.5"]},
        "binaries": {"BS": [b"\x00", b"\xff"]},
        "nothing": values["nothing"],
        "inside": {"M": {"list": {"L": [{"B": b"\x00"}, {"M": {}}, {"BOOL": False}]}}},
    }


def _ordered(value: dict[str, Any]) -> dict[str, Any]:
    """Sets have no order."""
    return {kind: sorted(content) if kind in ("SS", "NS", "BS") else content for kind, content in value.items()}


@this_sink
def test_a_stream_without_new_images_cannot_be_copied_and_says_so(sink: DynamoDBSink, delivery: StartDelivery) -> None:
    running = delivery(sink.settings())
    running.submit([change("item-1", 1)])
    newer = "5" + 17 * "0"
    keys_only = protocol_record(newer, Keys={"id": {"S": "a"}}, NewImage={}, StreamViewType="KEYS_ONLY")
    running.submit([keys_only])
    running.finish()
    (letter,) = running.letters()
    assert "view type is KEYS_ONLY, and a copy needs NEW_IMAGE" in letter["error"]["message"]


def test_two_attributes_of_one_name_are_refused() -> None:
    for rename in ({"a": "x", "b": "x"}, {"a": "_sequence"}):
        with pytest.raises(InvalidSettingError, match="two attributes would get the same name"):
            DynamoDBAction(DynamoDBSettings(name="a", type="dynamodb", table="t", rename=rename))
